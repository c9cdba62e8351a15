package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import org.jspecify.annotations.Nullable;

/**
 * What has become known of an answer.
 *
 * @param toolCalls as the deltas of OpenAI's streams; null: nothing
 */
public record AnswerPart(String content, String reasoning, @Nullable ArrayNode toolCalls) {}
