package dev.penstock.inference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;

/** Reads from a tokenizer.json how many token ids its model knows. */
final class Vocabulary {
  private static final JsonFactory JSON = new JsonFactory();

  private Vocabulary() {}

  /** One more than the highest id of {@code model.vocab} and {@code added_tokens}. */
  static int size(InputStream json) throws IOException {
    int size = 0;
    try (JsonParser parser = JSON.createParser(json)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "added_tokens" -> size = Math.max(size, addedTokens(parser));
          case "model" -> size = Math.max(size, model(parser));
          default -> parser.skipChildren();
        }
      }
    }
    return size;
  }

  private static int addedTokens(JsonParser parser) throws IOException {
    int size = 0;
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean id = parser.currentName().equals("id");
        parser.nextToken();
        if (id) {
          size = Math.max(size, parser.getIntValue() + 1);
        }
        parser.skipChildren();
      }
    }
    return size;
  }

  private static int model(JsonParser parser) throws IOException {
    int size = 0;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean vocabulary = parser.currentName().equals("vocab");
      JsonToken value = parser.nextToken();
      if (!vocabulary) {
        parser.skipChildren();
      } else if (value == JsonToken.START_ARRAY) { // [token, score] by id
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          parser.skipChildren();
          size++;
        }
      } else { // token: id
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          parser.nextToken();
          size = Math.max(size, parser.getIntValue() + 1);
        }
      }
    }
    return size;
  }
}
