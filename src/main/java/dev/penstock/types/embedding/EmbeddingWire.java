package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.task.TaskOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Vectors in the worker protocol: float32 in base64, or lists of numbers. */
final class EmbeddingWire {
  private static final Set<String> MEMBERS =
      Set.of("vectors", "dimensions", "prompt_tokens", "truncated");
  private static final int MAX_TOKENS = 100_000_000;

  private EmbeddingWire() {}

  static void write(JsonGenerator json, EmbeddingOutput output) throws IOException {
    ByteBuffer text = Base64.getEncoder().encode(output.vectors().duplicate());
    json.writeStartObject();
    json.writeNumberField("dimensions", output.dimensions());
    json.writeNumberField("prompt_tokens", output.promptTokens());
    json.writeNumberField("truncated", output.truncated());
    json.writeFieldName("vectors");
    json.writeRawUTF8String(text.array(), text.arrayOffset(), text.remaining());
    json.writeEndObject();
  }

  /** As many vectors as the task has texts, each as long as the model's, of finite numbers. */
  static TaskOutput read(
      Fields request, byte[] result, byte[] input, @Nullable EmbeddingTraits model) {
    JsonNode value = StrictJson.parse(result);
    if (!value.isObject()) {
      throw request.bad("result", "must be an object with the vectors");
    }
    var given = new Fields(value, "result.");
    given.only(MEMBERS);
    if (model == null) {
      throw given.bad("vectors", "cannot be checked: the model is not known here");
    }
    int dimensions = model.dimensions();
    int texts = EmbeddingInput.of(input, model).work().items().count();
    Integer named = given.integer("dimensions", 1, Integer.MAX_VALUE);
    if (named != null && named != dimensions) {
      throw given.bad("dimensions", "must be " + dimensions + ", as the model's");
    }
    Integer tokens = given.integer("prompt_tokens", 0, MAX_TOKENS);
    Integer truncated = given.integer("truncated", 0, texts);
    return new EmbeddingOutput(
            texts,
            dimensions,
            tokens == null ? 0 : tokens,
            truncated == null ? 0 : truncated,
            numbers(given, texts, dimensions))
        .toOutput();
  }

  private static ByteBuffer numbers(Fields given, int texts, int dimensions) {
    JsonNode value = given.value("vectors");
    String shape = texts + " vectors of " + dimensions + " numbers";
    long bytes = (long) texts * dimensions * Float.BYTES;
    ByteBuffer vectors;
    if (value != null && value.isTextual()) {
      byte[] decoded;
      try {
        decoded = Base64.getDecoder().decode(value.textValue());
      } catch (IllegalArgumentException e) {
        throw given.bad("vectors", "is not base64");
      }
      if (decoded.length != bytes) {
        throw given.bad(
            "vectors",
            "must be %s: %d bytes of float32, not %d".formatted(shape, bytes, decoded.length));
      }
      vectors = ByteBuffer.wrap(decoded).order(ByteOrder.LITTLE_ENDIAN);
    } else if (value != null && value.isArray() && value.size() == texts) {
      vectors = ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
      for (JsonNode row : value) {
        if (!row.isArray() || row.size() != dimensions) {
          throw given.bad("vectors", "must be " + shape);
        }
        for (JsonNode number : row) {
          if (!number.isNumber()) {
            throw given.bad("vectors", "must be " + shape);
          }
          vectors.putFloat(number.floatValue());
        }
      }
      vectors.flip();
    } else {
      throw given.bad("vectors", "must be " + shape + ", as lists or as float32 in base64");
    }
    for (int text = 0; text < texts; text++) {
      boolean zero = true;
      for (int i = 0; i < dimensions; i++) {
        float number = vectors.getFloat((text * dimensions + i) * Float.BYTES);
        if (!Float.isFinite(number)) {
          throw given.bad("vectors", "has a number that is not finite");
        }
        zero &= number == 0;
      }
      if (zero) {
        throw given.bad("vectors", "has a vector of zeros, which no model makes");
      }
    }
    return vectors;
  }
}
