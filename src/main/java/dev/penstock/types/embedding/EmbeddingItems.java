package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import dev.penstock.core.InvalidInput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is to be embedded: texts, or their token ids. Equal where their contents are. */
sealed interface EmbeddingItems {
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
   * @param items null: there is a problem
   * @param alone a single one that stood in no list
   */
  record Read(@Nullable EmbeddingItems items, boolean alone, @Nullable InvalidInput problem) {
    EmbeddingItems get() {
      if (items == null) {
        throw Objects.requireNonNull(problem);
      }
      return items;
    }
  }

  /**
   * Reads the value that a parser has come to, to its end: a text, token ids, or a list of either.
   *
   * @param name what the request calls it
   */
  static Read read(JsonParser parser, String name) throws IOException {
    boolean list = parser.currentToken() == JsonToken.START_ARRAY;
    int outer = depth(parser) - 1;
    try {
      return new ItemsReader(parser, name).read();
    } catch (InvalidInput problem) {
      if (!list) {
        parser.skipChildren();
      }
      while (list && depth(parser) > outer && parser.nextToken() != null) {}
      return new Read(null, false, problem);
    }
  }

  /** How many objects and lists the parser is in. */
  private static int depth(JsonParser parser) {
    int depth = 0;
    for (JsonStreamContext each = parser.getParsingContext();
        each != null && !each.inRoot();
        each = each.getParent()) {
      depth++;
    }
    return depth;
  }
}
