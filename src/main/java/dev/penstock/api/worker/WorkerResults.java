package dev.penstock.api.worker;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.EmbeddingsResource;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.embedding.EmbeddingOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Set;

/**
 * Results as remote workers send them, checked before they are kept: a worker may be broken, or
 * somebody else's.
 */
final class WorkerResults {
  /** As large as a plugin's may be on a node. */
  private static final int MAX_JSON = 16 << 20;

  private static final Set<String> VECTORS =
      Set.of("vectors", "dimensions", "prompt_tokens", "truncated");
  private static final int MAX_TOKENS = 100_000_000;

  private final ModelCatalogue models;

  WorkerResults(ModelCatalogue models) {
    this.models = models;
  }

  /**
   * @param fields the request's
   * @param json its result as it was sent; empty: there is none
   */
  TaskOutput of(Fields fields, byte[] json, Task task) {
    if (json.length == 0) {
      throw fields.bad("result", "is missing");
    }
    if (task.spec().lane().type().equals(EmbeddingsResource.TYPE)) {
      return vectors(fields, StrictJson.parse(json), task);
    }
    if (json.length > MAX_JSON) {
      throw fields.bad("result", "may have at most " + MAX_JSON + " bytes");
    }
    return new TaskOutput(TaskOutput.Format.JSON, json);
  }

  /** As many vectors as the task has texts, each as long as the model's, of finite numbers. */
  private TaskOutput vectors(Fields fields, JsonNode result, Task task) {
    if (!result.isObject()) {
      throw fields.bad("result", "must be an object with the vectors");
    }
    var given = new Fields(result, "result.");
    given.only(VECTORS);
    int dimensions = dimensions(given, task.spec().lane());
    int texts = texts(task.spec().input());
    Integer named = given.integer("dimensions", 1, Integer.MAX_VALUE);
    if (named != null && named != dimensions) {
      throw given.bad("dimensions", "must be " + dimensions + ", as the model's");
    }
    Integer tokens = given.integer("prompt_tokens", 0, MAX_TOKENS);
    Integer truncated = given.integer("truncated", 0, texts);
    ByteBuffer vectors = numbers(given, texts, dimensions);
    return new EmbeddingOutput(
            texts,
            dimensions,
            tokens == null ? 0 : tokens,
            truncated == null ? 0 : truncated,
            vectors)
        .toOutput();
  }

  private int dimensions(Fields given, Lane lane) {
    String model = lane.model();
    return models
        .find(model == null ? "" : model)
        .map(ModelSpec::dimensions)
        .orElseThrow(() -> given.bad("vectors", "cannot be checked: the model is not known here"));
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
    for (int i = vectors.position(); i < vectors.limit(); i += Float.BYTES) {
      if (!Float.isFinite(vectors.getFloat(i))) {
        throw given.bad("vectors", "has a number that is not finite");
      }
    }
    return vectors;
  }

  /** How many texts the input of an embedding task has, as EmbeddingInput writes it. */
  private static int texts(byte[] input) {
    try (JsonParser parser = StrictJson.parser(input)) {
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT) {
        String name = parser.nextFieldName();
        while (name != null && !name.equals("input")) {
          parser.nextToken();
          parser.skipChildren();
          name = parser.nextFieldName();
        }
        token = parser.nextToken();
      }
      if (token != JsonToken.START_ARRAY) {
        return 1; // a text
      }
      int items = 0;
      for (JsonToken item = parser.nextToken();
          item != JsonToken.END_ARRAY;
          item = parser.nextToken()) {
        if (item.isNumeric() && items == 0) {
          return 1; // the token ids of one text
        }
        parser.skipChildren();
        items++;
      }
      return items;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
