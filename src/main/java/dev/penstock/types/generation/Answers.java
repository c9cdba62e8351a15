package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.engine.GenerationPiece;
import dev.penstock.json.StrictJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the pieces of each answer come to. For one thread at a time. */
final class Answers {
  /** Characters of all answers together; what is more would be no result that can be kept. */
  private static final int MOST = 8 << 20;

  private final List<Answer> answers = new ArrayList<>();
  private long characters;

  Answers(int choices) {
    for (int i = 0; i < choices; i++) {
      answers.add(new Answer());
    }
  }

  /** One of them. */
  static final class Answer {
    final StringBuilder content = new StringBuilder();
    final StringBuilder reasoning = new StringBuilder();
    final Map<Integer, Call> calls = new TreeMap<>();
    @Nullable ArrayNode logprobs;
  }

  /** A call of a tool, as far as it is known. */
  static final class Call {
    String id = "";
    String name = "";
    final StringBuilder arguments = new StringBuilder();
  }

  List<Answer> all() {
    return answers;
  }

  boolean tooLong() {
    return characters > MOST;
  }

  void add(GenerationPiece piece) {
    characters += piece.content().length() + piece.reasoning().length();
    if (tooLong() || piece.choice() >= answers.size()) {
      return;
    }
    Answer answer = answers.get(piece.choice());
    answer.content.append(piece.content());
    answer.reasoning.append(piece.reasoning());
    if (piece.toolCalls() != null) {
      piece.toolCalls().forEach(delta -> add(answer, delta));
    }
    if (piece.logprobs() != null) {
      if (answer.logprobs == null) {
        answer.logprobs = StrictJson.nodes().arrayNode();
      }
      answer.logprobs.addAll(piece.logprobs());
    }
  }

  private void add(Answer answer, JsonNode delta) {
    Call call = answer.calls.computeIfAbsent(delta.path("index").asInt(), _ -> new Call());
    call.id = delta.path("id").asText(call.id);
    JsonNode function = delta.path("function");
    call.name = function.path("name").asText(call.name);
    String arguments = function.path("arguments").asText("");
    characters += arguments.length();
    call.arguments.append(arguments);
  }
}
