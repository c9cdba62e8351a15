package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.json.StrictJson;
import dev.penstock.types.embedding.EmbeddingForm.Encoding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;

/** Vectors in the shape of OpenAI's embeddings: rendered from their bytes, for the socket. */
final class EmbeddingJson {
  private static final int BYTES_PER_FLOAT = 13;
  private static final int BYTES_AROUND = 200;

  private EmbeddingJson() {}

  static byte[] render(EmbeddingOutput output, EmbeddingForm form, String model) {
    long size = (long) output.count() * (BYTES_AROUND + output.dimensions() * BYTES_PER_FLOAT);
    return StrictJson.write(
        (int) Math.min(Integer.MAX_VALUE / 2, size), json -> write(json, output, form, model));
  }

  static void write(JsonGenerator json, EmbeddingOutput output, EmbeddingForm form, String model)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("object", "list");
    json.writeArrayFieldStart("data");
    for (int i = 0; i < output.count(); i++) {
      json.writeStartObject();
      json.writeStringField("object", "embedding");
      json.writeNumberField("index", i);
      json.writeFieldName("embedding");
      writeVector(json, output, i, form);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeStringField("model", model);
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", output.promptTokens());
    json.writeNumberField("total_tokens", output.promptTokens());
    json.writeEndObject();
    json.writeEndObject();
  }

  /** The vectors alone: a list of lists of numbers. */
  static void writeVectors(JsonGenerator json, EmbeddingOutput output) throws IOException {
    json.writeStartArray();
    for (int i = 0; i < output.count(); i++) {
      writeVector(json, output, i, EmbeddingForm.WHOLE);
    }
    json.writeEndArray();
  }

  private static void writeVector(
      JsonGenerator json, EmbeddingOutput output, int index, EmbeddingForm form)
      throws IOException {
    Integer wanted = form.dimensions();
    int dimensions = wanted == null ? output.dimensions() : wanted;
    boolean whole = dimensions >= output.dimensions();
    if (whole && form.encoding() == Encoding.BASE64) {
      int bytes = output.dimensions() * Float.BYTES;
      int start = output.vectors().position() + index * bytes;
      writeBase64(json, output.vectors().slice(start, bytes));
      return;
    }
    float[] vector = output.vector(index);
    if (!whole) {
      vector = cut(vector, dimensions);
    }
    switch (form.encoding()) {
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
