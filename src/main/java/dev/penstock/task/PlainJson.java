package dev.penstock.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * JSON to and from plain Java values, so that a handler needs no JSON library of its own. Jackson
 * shows in no signature: plugins do not see it.
 */
final class PlainJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES) // the schema's business
          .build();

  /** Half of a surrogate pair; a whole one is a character to it. */
  private static final Pattern HALF = Pattern.compile("\\p{Cs}");

  private PlainJson() {}

  /** Text in UTF-8, with U+FFFD in place of what that has no form for. */
  static byte[] utf8(String text) {
    return HALF.matcher(text).replaceAll("\ufffd").getBytes(StandardCharsets.UTF_8);
  }

  /** The exception says neither value nor place: both may be somebody's input. */
  static <T> T read(byte[] json, Class<T> type) {
    T value;
    try {
      value = MAPPER.readValue(json, type);
    } catch (IOException _) {
      value = null;
    }
    if (value == null) {
      throw new IllegalArgumentException("the input does not fit " + type.getName());
    }
    return value;
  }

  static byte[] write(@Nullable Object value) {
    try {
      return utf8(MAPPER.writeValueAsString(value));
    } catch (JsonProcessingException _) {
      String type = value == null ? "null" : value.getClass().getName();
      throw new IllegalArgumentException("a " + type + " cannot be written as JSON");
    }
  }
}
