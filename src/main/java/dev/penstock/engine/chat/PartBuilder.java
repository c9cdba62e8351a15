package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.StrictJson;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Gathers what becomes known of an answer. */
final class PartBuilder implements CallReader.Calls {
  private final IntFunction<String> ids;
  private final StringBuilder content = new StringBuilder();
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder arguments = new StringBuilder();
  private @Nullable ArrayNode calls;
  private @Nullable ObjectNode call;
  private int count;

  /**
   * @param ids of calls, by their number
   */
  PartBuilder(IntFunction<String> ids) {
    this.ids = ids;
  }

  void content(String text) {
    content.append(text);
  }

  void reasoning(String text) {
    reasoning.append(text);
  }

  /** How many calls there are. */
  int calls() {
    return count;
  }

  @Override
  public void begun(String name) {
    endCall();
    call = delta(count);
    call.put("id", ids.apply(count)).put("type", "function");
    call.putObject("function").put("name", name);
    count++;
  }

  @Override
  public void arguments(String part) {
    if (call == null && !part.isEmpty()) {
      call = delta(count - 1);
      call.putObject("function");
    }
    arguments.append(part);
  }

  private ObjectNode delta(int index) {
    if (calls == null) {
      calls = StrictJson.nodes().arrayNode();
    }
    return calls.addObject().put("index", index);
  }

  private void endCall() {
    if (call != null) {
      call.withObject("/function").put("arguments", arguments.toString());
    }
    arguments.setLength(0);
    call = null;
  }

  /** All that was gathered since it was asked last. */
  AnswerPart take() {
    endCall();
    var part = new AnswerPart(content.toString(), reasoning.toString(), calls);
    content.setLength(0);
    reasoning.setLength(0);
    calls = null;
    return part;
  }
}
