package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;
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
  private static final int BYTES_PER_FLOAT = 13;
  private static final int BYTES_AROUND = 200;

  enum Encoding {
    FLOAT,
    BASE64;

    String json() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** In the shape of OpenAI's embeddings. */
  @Override
  public void write(JsonGenerator json, TaskOutput output, @Nullable String model)
      throws IOException {
    write(json, EmbeddingOutput.of(output), model == null ? "" : model);
  }

  /** The same as bytes, whose number is known about. */
  public byte[] render(TaskOutput output, String model) {
    EmbeddingOutput vectors = EmbeddingOutput.of(output);
    return StrictJson.write(
        (int) Math.min(Integer.MAX_VALUE / 2, size(vectors)), json -> write(json, vectors, model));
  }

  /** About how many bytes it is rendered to, and seldom more. */
  public long size(TaskOutput output) {
    return size(EmbeddingOutput.of(output));
  }

  private static long size(EmbeddingOutput vectors) {
    return (long) vectors.count() * (BYTES_AROUND + vectors.dimensions() * BYTES_PER_FLOAT);
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

  private void write(JsonGenerator json, EmbeddingOutput output, String model) throws IOException {
    json.writeStartObject();
    json.writeStringField("object", "list");
    json.writeArrayFieldStart("data");
    for (int i = 0; i < output.count(); i++) {
      json.writeStartObject();
      json.writeStringField("object", "embedding");
      json.writeNumberField("index", i);
      json.writeFieldName("embedding");
      writeVector(json, output, i);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeStringField("model", model);
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", output.promptTokens());
    json.writeNumberField("total_tokens", output.promptTokens());
    if (output.truncated() > 0) {
      json.writeNumberField("truncated", output.truncated());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  /** The vectors alone: a list of lists of numbers. */
  public static void writeVectors(JsonGenerator json, TaskOutput output) throws IOException {
    EmbeddingOutput vectors = EmbeddingOutput.of(output);
    json.writeStartArray();
    for (int i = 0; i < vectors.count(); i++) {
      WHOLE.writeVector(json, vectors, i);
    }
    json.writeEndArray();
  }

  private void writeVector(JsonGenerator json, EmbeddingOutput output, int index)
      throws IOException {
    int length = dimensions == null ? output.dimensions() : dimensions;
    boolean whole = length >= output.dimensions();
    if (whole && encoding == Encoding.BASE64) {
      int bytes = output.dimensions() * Float.BYTES;
      int start = output.vectors().position() + index * bytes;
      writeBase64(json, output.vectors().slice(start, bytes));
      return;
    }
    float[] vector = output.vector(index);
    if (!whole) {
      vector = cut(vector, length);
    }
    switch (encoding) {
      case FLOAT -> {
        json.writeStartArray();
        for (float x : vector) {
          json.writeNumber(x);
        }
        json.writeEndArray();
      }
      case BASE64 -> {
        ByteBuffer bytes =
            ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        writeBase64(json, bytes);
      }
    }
  }

  private static void writeBase64(JsonGenerator json, ByteBuffer littleEndian) throws IOException {
    ByteBuffer text = Base64.getEncoder().encode(littleEndian);
    json.writeRawUTF8String(text.array(), text.arrayOffset(), text.remaining());
  }

  /** The first dimensions alone, made a unit vector again. A vector of zeros stays one. */
  static float[] cut(float[] vector, int dimensions) {
    float[] head = Arrays.copyOf(vector, dimensions);
    double squares = 0;
    for (float x : head) {
      squares += (double) x * x;
    }
    if (squares > 0) {
      double norm = Math.sqrt(squares);
      for (int i = 0; i < head.length; i++) {
        head[i] = (float) (head[i] / norm);
      }
    }
    return head;
  }
}
