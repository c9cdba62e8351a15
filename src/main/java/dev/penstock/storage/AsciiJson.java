package dev.penstock.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.penstock.json.JsonMappers;
import java.io.UncheckedIOException;

/** Writes JSON of ASCII alone: UTF-8 has no form for half a surrogate pair. */
public final class AsciiJson {
  private AsciiJson() {}

  /** A text, a number, or an array or object of such. */
  public static String write(Object value) {
    try {
      return JsonMappers.ASCII.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How the text looks inside a JSON string. */
  public static String escaped(String text) {
    String quoted = write(text);
    return quoted.substring(1, quoted.length() - 1);
  }
}
