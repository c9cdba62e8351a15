package dev.penstock.engine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import org.jspecify.annotations.Nullable;

/**
 * A part of an answer. Where a backend knows tokens, each has a piece of its own.
 *
 * @param choice which of the answers, from 0
 * @param ids its tokens; empty: the backend does not tell them
 * @param content what the answer goes on with; empty while a token may be half a character, or the
 *     beginning of a stop string or of a call
 * @param reasoning the same of what the model says to itself
 * @param toolCalls what has become known of calls, as the deltas of OpenAI's streams: {@code
 *     index}, and of a new one {@code id}, {@code type}, {@code function.name}; null: nothing
 * @param logprobs one object for each token, as in OpenAI's {@code logprobs.content}; null: not
 *     asked for
 */
public record GenerationPiece(
    int choice,
    int[] ids,
    String content,
    String reasoning,
    @Nullable ArrayNode toolCalls,
    @Nullable ArrayNode logprobs) {

  public static GenerationPiece text(int choice, int[] ids, String content) {
    return new GenerationPiece(choice, ids, content, "", null, null);
  }
}
