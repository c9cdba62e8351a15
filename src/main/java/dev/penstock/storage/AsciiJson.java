package dev.penstock.storage;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collection;

/** Writes JSON of ASCII alone: UTF-8 has no form for half a surrogate pair. */
public final class AsciiJson {
  private AsciiJson() {}

  interface Writing {
    void to(JsonGenerator json) throws IOException;
  }

  static String write(Writing writing) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JsonMappers.ASCII.createGenerator(text)) {
      writing.to(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** An array of strings and numbers. */
  public static String array(Collection<?> values) {
    return write(json -> {
      json.writeStartArray();
      for (Object value : values) {
        if (value instanceof Long number) {
          json.writeNumber(number);
        } else {
          json.writeString(value.toString());
        }
      }
      json.writeEndArray();
    });
  }

  /** How the text looks inside a JSON string. */
  public static String escaped(String text) {
    String quoted = write(json -> json.writeString(text));
    return quoted.substring(1, quoted.length() - 1);
  }
}
