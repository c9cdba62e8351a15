package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is to be embedded: texts, or their token ids. Equal where their contents are. */
public sealed interface EmbeddingItems {
  /** OpenAI's limits for one request. */
  int MAX_ITEMS = 2_048;

  int MAX_TOKENS = 300_000;

  int count();

  /**
   * About how many tokens they have: of common English text; other text has more.
   *
   * @param mostEach longer ones are cut to so many
   */
  long tokens(int mostEach);

  /** None empty. */
  record Texts(List<String> texts) implements EmbeddingItems {
    private static final int CHARS_PER_TOKEN = 4;

    @Override
    public int count() {
      return texts.size();
    }

    @Override
    public long tokens(int mostEach) {
      return texts.stream()
          .mapToLong(text -> Math.min(mostEach, 1 + text.length() / CHARS_PER_TOKEN))
          .sum();
    }
  }

  /** None empty; the arrays are shared, not copied. */
  record TokenIds(List<int[]> lists) implements EmbeddingItems {
    @Override
    public int count() {
      return lists.size();
    }

    @Override
    public long tokens(int mostEach) {
      return lists.stream().mapToLong(list -> Math.min(mostEach, list.length)).sum();
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof TokenIds(var others)
          && Arrays.deepEquals(lists.toArray(), others.toArray());
    }

    @Override
    public int hashCode() {
      return Arrays.deepHashCode(lists.toArray());
    }
  }

  /**
   * Items as they were read.
   *
   * @param alone a single one that stood in no list
   */
  record Read(EmbeddingItems items, boolean alone) {}

  /**
   * Reads the value that a parser has come to: a text, token ids, or a list of either. Null when it
   * is none, or breaks a limit; the parser is anywhere then.
   */
  static @Nullable Read read(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_STRING) {
      String text = parser.getText();
      return text.isEmpty() ? null : new Read(new Texts(List.of(text)), true);
    }
    if (token != JsonToken.START_ARRAY) {
      return null;
    }
    return switch (parser.nextToken()) {
      case VALUE_STRING -> texts(parser);
      case VALUE_NUMBER_INT -> {
        int[] ids = ids(parser, MAX_TOKENS);
        yield ids == null ? null : new Read(new TokenIds(List.of(ids)), true);
      }
      case START_ARRAY -> lists(parser);
      case null, default -> null;
    };
  }

  private static @Nullable Read texts(JsonParser parser) throws IOException {
    List<String> texts = new ArrayList<>();
    for (JsonToken each = parser.currentToken();
        each != JsonToken.END_ARRAY;
        each = parser.nextToken()) {
      String text = each == JsonToken.VALUE_STRING ? parser.getText() : "";
      if (text.isEmpty() || texts.size() == MAX_ITEMS) {
        return null;
      }
      texts.add(text);
    }
    return new Read(new Texts(texts), false);
  }

  private static @Nullable Read lists(JsonParser parser) throws IOException {
    List<int[]> lists = new ArrayList<>();
    int left = MAX_TOKENS;
    for (JsonToken each = parser.currentToken();
        each != JsonToken.END_ARRAY;
        each = parser.nextToken()) {
      int[] ids = null;
      if (each == JsonToken.START_ARRAY && lists.size() < MAX_ITEMS) {
        parser.nextToken();
        ids = ids(parser, left);
      }
      if (ids == null) {
        return null;
      }
      left -= ids.length;
      lists.add(ids);
    }
    return new Read(new TokenIds(lists), false);
  }

  /** From the first token on. */
  private static int @Nullable [] ids(JsonParser parser, int most) throws IOException {
    int[] ids = new int[64];
    int count = 0;
    for (JsonToken each = parser.currentToken();
        each != JsonToken.END_ARRAY;
        each = parser.nextToken()) {
      if (each != JsonToken.VALUE_NUMBER_INT || count == most) {
        return null;
      }
      int id = parser.getIntValue();
      if (id < 0) {
        return null;
      }
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count] = id;
      count++;
    }
    return count == 0 ? null : Arrays.copyOf(ids, count);
  }
}
