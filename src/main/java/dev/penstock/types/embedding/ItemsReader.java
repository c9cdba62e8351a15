package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.penstock.json.Fields;
import dev.penstock.types.embedding.EmbeddingItems.Read;
import dev.penstock.types.embedding.EmbeddingItems.Texts;
import dev.penstock.types.embedding.EmbeddingItems.TokenIds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads what is to be embedded in one pass: a tree of 300,000 token ids would be large. */
final class ItemsReader {
  private static final int FIRST_IDS = 64;

  private final JsonParser parser;
  private final String name;

  ItemsReader(JsonParser parser, String name) {
    this.parser = parser;
    this.name = name;
  }

  Read read() throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_STRING) {
      return new Read(new Texts(List.of(text(name))), true, null);
    }
    if (token != JsonToken.START_ARRAY) {
      throw Fields.problem(name, "must be a string, strings, token ids or lists of token ids");
    }
    return switch (parser.nextToken()) {
      case END_ARRAY -> throw Fields.problem(name, "must not be empty");
      case VALUE_STRING -> new Read(new Texts(texts()), false, null);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
          new Read(new TokenIds(List.of(ids(name, EmbeddingItems.MAX_TOKENS))), true, null);
      case START_ARRAY -> new Read(new TokenIds(lists()), false, null);
      case null, default ->
          throw Fields.problem(item(0), "must be a string, a token id or a list of token ids");
    };
  }

  private String item(int index) {
    return name + "[" + index + "]";
  }

  private String text(String item) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw Fields.problem(item, "must be a string, as the first one is");
    }
    String text = parser.getText();
    if (text.isEmpty()) {
      throw Fields.problem(item, "must not be empty");
    }
    return text;
  }

  private List<String> texts() throws IOException {
    List<String> texts = new ArrayList<>();
    while (parser.currentToken() != JsonToken.END_ARRAY) {
      checkCount(texts.size());
      texts.add(text(item(texts.size())));
      parser.nextToken();
    }
    return texts;
  }

  private List<int[]> lists() throws IOException {
    List<int[]> lists = new ArrayList<>();
    int left = EmbeddingItems.MAX_TOKENS;
    while (parser.currentToken() != JsonToken.END_ARRAY) {
      checkCount(lists.size());
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw Fields.problem(
            item(lists.size()), "must be a list of token ids, as the first one is");
      }
      parser.nextToken();
      int[] ids = ids(item(lists.size()), left);
      left -= ids.length;
      lists.add(ids);
      parser.nextToken();
    }
    return lists;
  }

  private void checkCount(int before) {
    if (before == EmbeddingItems.MAX_ITEMS) {
      throw Fields.problem(name, "may have at most " + EmbeddingItems.MAX_ITEMS + " items");
    }
  }

  /** From the first token on. */
  private int[] ids(String item, int most) throws IOException {
    int[] ids = new int[FIRST_IDS];
    int count = 0;
    while (parser.currentToken() != JsonToken.END_ARRAY) {
      if (count == most) {
        throw Fields.problem(
            name, "may have at most " + EmbeddingItems.MAX_TOKENS + " tokens in all");
      }
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count] = id(item);
      count++;
      parser.nextToken();
    }
    if (count == 0) {
      throw Fields.problem(item, "must not be empty");
    }
    return Arrays.copyOf(ids, count);
  }

  /** A whole number, be it written as 128.0. */
  private int id(String item) throws IOException {
    int id =
        switch (parser.currentToken()) {
          case VALUE_NUMBER_INT ->
              parser.getNumberType() == JsonParser.NumberType.INT ? parser.getIntValue() : -1;
          case VALUE_NUMBER_FLOAT -> whole(parser.getDoubleValue());
          case null, default -> -1;
        };
    if (id < 0) {
      throw Fields.problem(item, "must have nothing but token ids, whole numbers from 0 on");
    }
    return id;
  }

  private static int whole(double number) {
    return number == Math.rint(number) && number <= Integer.MAX_VALUE ? (int) number : -1;
  }
}
