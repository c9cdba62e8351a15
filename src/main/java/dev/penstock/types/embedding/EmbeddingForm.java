package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How vectors are rendered.
 *
 * @param dimensions cut to so many and normalised again; null: all
 */
public record EmbeddingForm(@Nullable Integer dimensions, Encoding encoding)
    implements TaskType.Form {
  static final EmbeddingForm WHOLE = new EmbeddingForm(null, Encoding.FLOAT);

  enum Encoding {
    FLOAT,
    BASE64;

    String json() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public void write(JsonGenerator json, TaskOutput output, @Nullable String model)
      throws IOException {
    EmbeddingJson.write(json, EmbeddingOutput.of(output), this, model == null ? "" : model);
  }

  /** The same as bytes, whose number is known about. */
  public byte[] render(TaskOutput output, String model) {
    return EmbeddingJson.render(EmbeddingOutput.of(output), this, model);
  }

  /** The vectors alone: a list of lists of numbers. */
  public static void writeVectors(JsonGenerator json, TaskOutput output) throws IOException {
    EmbeddingJson.writeVectors(json, EmbeddingOutput.of(output));
  }

  /** How many texts were cut, if any were. */
  @Override
  public Map<String, String> headers(TaskOutput output) {
    int cut = EmbeddingOutput.of(output).truncated();
    return cut > 0 ? Map.of("x-truncated", Integer.toString(cut)) : Map.of();
  }

  /** The form that an accepted input asks for; its items are passed over. */
  static EmbeddingForm of(byte[] input) {
    Integer dimensions = null;
    Encoding encoding = Encoding.FLOAT;
    try (JsonParser parser = StrictJson.parser(input)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
          JsonToken value = parser.nextToken();
          if (value == JsonToken.VALUE_NULL) {
            continue;
          }
          switch (name) {
            case "dimensions" -> dimensions = parser.getIntValue();
            case "encoding_format" ->
                encoding = Encoding.valueOf(parser.getText().toUpperCase(Locale.ROOT));
            default -> parser.skipChildren();
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new EmbeddingForm(dimensions, encoding);
  }
}
