package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.core.InvalidInput;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.Truncation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The input of an embedding task, parsed.
 *
 * @param truncate null: the model's own
 * @param inputType which of the model's prefixes the texts get; null: none
 */
record EmbeddingInput(
    EmbeddingItems items, @Nullable Truncation truncate, @Nullable String inputType) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What was read and checked before. */
  static EmbeddingInput of(EmbeddingWork work) {
    return new EmbeddingInput(work.items(), truncation(work.truncate()), work.inputType());
  }

  private static @Nullable Truncation truncation(@Nullable String truncate) {
    return truncate == null ? null : Truncation.valueOf(truncate.toUpperCase(Locale.ROOT));
  }

  /**
   * Reads {@code {input, dimensions?, encoding_format?, truncate?, input_type?}}, or a bare input.
   * Dimensions and encoding are checked only: they are applied to the result on its way out.
   */
  static EmbeddingInput parse(byte[] json, ModelSpec model) throws InvalidInput {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new InvalidInput("the input is not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new InvalidInput("the input is not JSON: " + e.getMessage());
    }
    if (!root.isObject()) {
      return new EmbeddingInput(items(root), null, null);
    }
    JsonNode dimensions = root.path("dimensions");
    if (given(dimensions)
        && (!dimensions.canConvertToInt()
            || !dimensions.isIntegralNumber()
            || dimensions.intValue() < 1
            || dimensions.intValue() > model.dimensions())) {
      throw new InvalidInput(
          "dimensions must be between 1 and " + model.dimensions() + " for " + model.name());
    }
    word(root, "encoding_format", List.of("float", "base64"));
    String truncate = word(root, "truncate", List.of("error", "end"));
    String inputType =
        word(root, "input_type", model.prefixes().keySet().stream().sorted().toList());
    return new EmbeddingInput(items(root.path("input")), truncation(truncate), inputType);
  }

  private static EmbeddingItems items(JsonNode input) throws InvalidInput {
    if (input.isTextual()) {
      return new EmbeddingItems.Texts(List.of(text(input, "input")));
    }
    if (!input.isArray()) {
      throw new InvalidInput(
          "input must be a string, a list of strings, a list of token ids or a list of such lists");
    }
    if (input.isEmpty()) {
      throw new InvalidInput("input must not be empty");
    }
    JsonNode first = input.get(0);
    if (first.isNumber()) {
      return new EmbeddingItems.TokenIds(List.of(tokenIds(input, "input")));
    }
    if (input.size() > EmbeddingItems.MAX_ITEMS) {
      throw new InvalidInput(
          "input has %d items, at most %d are allowed"
              .formatted(input.size(), EmbeddingItems.MAX_ITEMS));
    }
    if (first.isArray()) {
      List<int[]> lists = new ArrayList<>(input.size());
      for (int i = 0; i < input.size(); i++) {
        lists.add(tokenIds(input.get(i), "input[" + i + "]"));
      }
      return new EmbeddingItems.TokenIds(lists);
    }
    List<String> texts = new ArrayList<>(input.size());
    for (int i = 0; i < input.size(); i++) {
      texts.add(text(input.get(i), "input[" + i + "]"));
    }
    return new EmbeddingItems.Texts(texts);
  }

  private static String text(JsonNode node, String name) throws InvalidInput {
    if (!node.isTextual()) {
      throw new InvalidInput(name + " must be a string, like the first item");
    }
    if (node.textValue().isEmpty()) {
      throw new InvalidInput(name + " must not be empty");
    }
    return node.textValue();
  }

  private static int[] tokenIds(JsonNode node, String name) throws InvalidInput {
    if (!node.isArray()) {
      throw new InvalidInput(name + " must be a list of token ids, like the first item");
    }
    if (node.isEmpty()) {
      throw new InvalidInput(name + " must not be empty");
    }
    if (node.size() > EmbeddingItems.MAX_TOKENS) {
      throw new InvalidInput(
          "%s has %d tokens, at most %d are allowed"
              .formatted(name, node.size(), EmbeddingItems.MAX_TOKENS));
    }
    int[] ids = new int[node.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = node.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw new InvalidInput(name + "[" + i + "] is not a token id");
      }
      ids[i] = id.intValue();
    }
    return ids;
  }

  private static @Nullable String word(JsonNode root, String field, List<String> allowed)
      throws InvalidInput {
    JsonNode node = root.path(field);
    if (!given(node)) {
      return null;
    }
    if (!node.isTextual() || !allowed.contains(node.textValue())) {
      throw new InvalidInput(
          allowed.isEmpty()
              ? "this model has no " + field
              : field + " must be " + String.join(" or ", allowed));
    }
    return node.textValue();
  }

  private static boolean given(JsonNode node) {
    return !node.isMissingNode() && !node.isNull();
  }
}
