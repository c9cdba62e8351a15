package dev.penstock.web;

import dev.penstock.json.StrictJson.Writer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer in JSON that may be long: it is rendered as its client reads it, on the request's
 * virtual thread, and is never in memory whole. One that turns out short goes out as a {@link
 * Reply} does. What it is rendered from is held meanwhile: {@link Exchange#hold}.
 */
public record LongReply(int status, Map<String, String> headers, Writer writer) implements Answer {

  public static LongReply json(int status, Writer writer) {
    return new LongReply(status, Reply.JSON, writer);
  }

  /** A JSON object of these members. */
  public static LongReply object(int status, Writer members) {
    return json(
        status,
        json -> {
          json.writeStartObject();
          members.write(json);
          json.writeEndObject();
        });
  }

  public LongReply with(String name, String value) {
    return with(Map.of(name, value));
  }

  public LongReply with(Map<String, String> others) {
    if (others.isEmpty()) {
      return this;
    }
    var more = new LinkedHashMap<>(headers);
    more.putAll(others);
    return new LongReply(status, more, writer);
  }
}
