package dev.penstock.engine;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * The token ids that a tokenizer.json knows, and what of a text it makes none of.
 *
 * @param size one more than the highest of {@code model.vocab} and {@code added_tokens}
 * @param padToken what fills up the shorter texts of a batch: {@code padding.pad_id}, else the
 *     added token that is called so, else 0
 */
record Vocabulary(int size, int padToken, Shortening shortening) {
  /**
   * @throws IOException when it is no JSON, or no object
   */
  static Vocabulary read(InputStream json) throws IOException {
    try (JsonParser parser = JsonMappers.FILES.createParser(json)) {
      return new Reader(parser).read();
    }
  }

  private static final class Reader {
    private final JsonParser parser;
    private int size;
    private OptionalInt padding = OptionalInt.empty();
    private OptionalInt namedPadding = OptionalInt.empty();
    private final List<String> added = new ArrayList<>();
    private JsonNode normalizer = MissingNode.getInstance();
    private JsonNode preTokenizer = MissingNode.getInstance();
    private String type = "";
    private int maxWordChars;

    Reader(JsonParser parser) {
      this.parser = parser;
    }

    Vocabulary read() throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("tokenizer.json holds no object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "added_tokens" -> addedTokens();
          case "model" -> model();
          case "padding" -> padding();
          case "normalizer" -> normalizer = parser.readValueAsTree();
          case "pre_tokenizer" -> preTokenizer = parser.readValueAsTree();
          default -> parser.skipChildren();
        }
      }
      int named = namedPadding.orElse(0);
      return new Vocabulary(
          size,
          padding.orElse(named),
          Shortening.of(normalizer, preTokenizer, type, maxWordChars, added));
    }

    private void padding() throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) { // null: asks for none
        parser.skipChildren();
        return;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean id = parser.currentName().equals("pad_id");
        parser.nextToken();
        if (id) {
          padding = OptionalInt.of(parser.getIntValue());
        }
        parser.skipChildren();
      }
    }

    private void addedTokens() throws IOException {
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        int id = 0;
        String content = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String field = parser.currentName();
          parser.nextToken();
          switch (field) {
            case "id" -> id = parser.getIntValue();
            case "content" -> content = parser.getText();
            default -> parser.skipChildren();
          }
        }
        size = Math.max(size, id + 1);
        added.add(content);
        if (content.equals("[PAD]") || content.equals("<pad>")) {
          namedPadding = OptionalInt.of(id);
        }
      }
    }

    private void model() throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        if (field.equals("type")) {
          type = parser.getText();
        } else if (field.equals("max_input_chars_per_word")
            && value == JsonToken.VALUE_NUMBER_INT) {
          maxWordChars = parser.getIntValue();
        } else if (!field.equals("vocab")) {
          parser.skipChildren();
        } else if (value == JsonToken.START_ARRAY) { // [token, score] by id
          int count = 0;
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            parser.skipChildren();
            count++;
          }
          size = Math.max(size, count);
        } else { // token: id
          while (parser.nextToken() == JsonToken.FIELD_NAME) {
            parser.nextToken();
            size = Math.max(size, parser.getIntValue() + 1);
          }
        }
      }
    }
  }
}
