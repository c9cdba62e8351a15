package dev.penstock.types.generation;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.json.StrictJson;
import dev.penstock.types.generation.Answers.Answer;
import dev.penstock.types.generation.Answers.Call;
import dev.penstock.types.generation.GenerationInput.Shape;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An answer as OpenAI's clients know it, whole. What has no value is null where theirs has it.
 *
 * @param id of the task
 * @param created in Unix seconds
 */
record Completion(
    Shape shape, String id, long created, String model, Answers answers, GenerationEnd end) {

  byte[] toJson() {
    return StrictJson.object(json -> {
      json.writeStringField("id", id);
      json.writeStringField("object", shape.object());
      json.writeNumberField("created", created);
      json.writeStringField("model", model);
      json.writeArrayFieldStart("choices");
      for (int i = 0; i < answers.all().size(); i++) {
        json.writeStartObject();
        json.writeNumberField("index", i);
        writeChoice(json, answers.all().get(i));
        json.writeStringField("finish_reason", end.reasons().get(i).json());
        json.writeEndObject();
      }
      json.writeEndArray();
      writeUsage(json);
      json.writeStringField("backend", end.backend());
    });
  }

  private void writeChoice(JsonGenerator json, Answer answer) throws IOException {
    String content = StrictJson.whole(answer.content.toString());
    if (shape == Shape.TEXT) {
      json.writeStringField("text", content);
      json.writeFieldName("logprobs");
      writeTextLogprobs(json, answer.logprobs, 0);
      return;
    }
    json.writeObjectFieldStart("message");
    json.writeStringField("role", "assistant");
    json.writeFieldName("content");
    if (content.isEmpty() && !answer.calls.isEmpty()) {
      json.writeNull();
    } else {
      json.writeString(content);
    }
    json.writeNullField("refusal");
    if (!answer.reasoning.isEmpty()) {
      json.writeStringField("reasoning_content", StrictJson.whole(answer.reasoning.toString()));
    }
    if (!answer.calls.isEmpty()) {
      json.writeArrayFieldStart("tool_calls");
      for (Call call : answer.calls.values()) {
        writeCall(json, call);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
    json.writeFieldName("logprobs");
    writeLogprobs(json, answer.logprobs);
  }

  private static void writeCall(JsonGenerator json, Call call) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", call.id);
    json.writeStringField("type", "function");
    json.writeObjectFieldStart("function");
    json.writeStringField("name", call.name);
    json.writeStringField("arguments", StrictJson.whole(call.arguments.toString()));
    json.writeEndObject();
    json.writeEndObject();
  }

  /** As chats have them. */
  static void writeLogprobs(JsonGenerator json, @Nullable JsonNode tokens) throws IOException {
    if (tokens == null) {
      json.writeNull();
      return;
    }
    json.writeStartObject();
    json.writeFieldName("content");
    json.writeTree(tokens);
    json.writeNullField("refusal");
    json.writeEndObject();
  }

  /**
   * As completions have them.
   *
   * @param offset of the first token in the text
   */
  static void writeTextLogprobs(JsonGenerator json, @Nullable JsonNode tokens, int offset)
      throws IOException {
    if (tokens == null) {
      json.writeNull();
      return;
    }
    ArrayNode texts = StrictJson.nodes().arrayNode();
    ArrayNode chances = StrictJson.nodes().arrayNode();
    ArrayNode tops = StrictJson.nodes().arrayNode();
    ArrayNode offsets = StrictJson.nodes().arrayNode();
    int at = offset;
    for (JsonNode token : tokens) {
      texts.add(token.path("token").asText());
      chances.add(token.path("logprob"));
      var top = tops.addObject();
      token
          .path("top_logprobs")
          .forEach(each -> top.set(each.path("token").asText(), each.path("logprob")));
      offsets.add(at);
      at += token.path("token").asText().length();
    }
    json.writeStartObject();
    json.writeFieldName("tokens");
    json.writeTree(texts);
    json.writeFieldName("token_logprobs");
    json.writeTree(chances);
    json.writeFieldName("top_logprobs");
    json.writeTree(tops);
    json.writeFieldName("text_offset");
    json.writeTree(offsets);
    json.writeEndObject();
  }

  private void writeUsage(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", end.promptTokens());
    json.writeNumberField("completion_tokens", end.answerTokens());
    json.writeNumberField("total_tokens", (long) end.promptTokens() + end.answerTokens());
    json.writeObjectFieldStart("prompt_tokens_details");
    json.writeNumberField("cached_tokens", end.cachedTokens());
    json.writeEndObject();
    json.writeObjectFieldStart("completion_tokens_details");
    json.writeNumberField("reasoning_tokens", end.reasoningTokens());
    json.writeEndObject();
    json.writeEndObject();
  }
}
