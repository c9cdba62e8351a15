package dev.penstock.engine;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.penstock.base.ResourceFile;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's Hugging Face tokenizer. Safe for use by many threads at once. Every call is a native
 * one, so a virtual thread may only make short ones. Padding and truncation that tokenizer.json
 * asks for are switched off; the model's own limit holds.
 */
public final class Tokenizer implements AutoCloseable {
  /** A text is first tried with this many characters per token of the model's limit. */
  private static final int CHARS_PER_TOKEN = 16;

  /**
   * Words at a prefix's end that may differ from the whole text's: the last one, which may go on,
   * and those that a special token cut in two ("[MAS") falls into.
   */
  private static final int LOOSE_WORDS = 8;

  /**
   * Of a text that does not fill the limit with so many characters for each of its tokens no more
   * is read: it is one endless word, of a tokenizer that makes many tokens of it or whose rules
   * nobody here knows.
   */
  private static final int MOST_CHARS_PER_TOKEN = 32;

  /** So many are read in any case. */
  private static final int LEAST_BOUND = 1 << 16;

  private static final long NO_WORD = -1;

  private final HuggingFaceTokenizer tokenizer;
  private final int maxTokens;
  private final int[] before;
  private final int[] after;
  private final Vocabulary vocabulary;

  private Tokenizer(HuggingFaceTokenizer tokenizer, int maxTokens, Vocabulary vocabulary) {
    this.tokenizer = tokenizer;
    this.maxTokens = maxTokens;
    this.vocabulary = vocabulary;
    Encoding sample = encodeWhole("a");
    long[] special = sample.getSpecialTokenMask();
    int first = 0;
    while (first < special.length && special[first] != 0) {
      first++;
    }
    int last = special.length;
    while (last > first && special[last - 1] != 0) {
      last--;
    }
    int[] ids = toInts(sample.getIds());
    this.before = Arrays.copyOfRange(ids, 0, first);
    this.after = Arrays.copyOfRange(ids, last, ids.length);
    if (maxTokens <= before.length + after.length) {
      throw new IllegalArgumentException(
          "max_tokens " + maxTokens + " leaves no room beside the special tokens");
    }
  }

  /**
   * Opens the tokenizer of a model.
   *
   * @param maxTokens the longest text that the model reads, special tokens included
   * @throws IOException when the file is missing, or is no tokenizer
   */
  public static Tokenizer open(ModelFiles files, int maxTokens) throws IOException {
    Vocabulary vocabulary;
    try (InputStream json = json(files)) {
      vocabulary = Vocabulary.read(json);
    }
    try (InputStream json = json(files)) {
      HuggingFaceTokenizer tokenizer =
          HuggingFaceTokenizer.newInstance(
              json,
              Map.of(
                  "truncation",
                  "false",
                  "padding",
                  "false",
                  // Never applied; unset, each start logs a warning.
                  "maxLength",
                  Integer.toString(maxTokens),
                  "modelMaxLength",
                  Integer.toString(maxTokens)));
      try {
        return new Tokenizer(tokenizer, maxTokens, vocabulary);
      } catch (RuntimeException e) {
        tokenizer.close();
        throw e;
      }
    }
  }

  private static InputStream json(ModelFiles files) throws IOException {
    return switch (files) {
      case ModelFiles.Resources(_, String resource) -> ResourceFile.open(resource);
      case ModelFiles.Folder(_, Path file, _, _) -> Files.newInputStream(file);
    };
  }

  /** What fills up a batch, as tokenizer.json has it. */
  public int padToken() {
    return vocabulary.padToken();
  }

  int maxTokens() {
    return maxTokens;
  }

  /** The tokens with which a text begins that such a text is put before, the special ones too. */
  public int[] beginning(String text) {
    int[] ids = toInts(encodeWhole(text).getIds());
    return Arrays.copyOf(ids, Math.max(0, ids.length - after.length));
  }

  /**
   * The text's tokens, special tokens included, cut to the model's limit.
   *
   * @param whenLong {@code ERROR}: the caller will refuse a text that is cut, so its tokens are
   *     counted for the message
   */
  public Tokens encode(String text, Truncation whenLong) {
    return Reading.all(this, new TextSource.Whole(text), whenLong);
  }

  /** Text far beyond the limit cannot matter, so only so many characters are read at first. */
  int firstChars() {
    return maxTokens * CHARS_PER_TOKEN;
  }

  /** No more of a text is given to the tokenizer at a time. */
  int mostChars() {
    long each = Math.max(MOST_CHARS_PER_TOKEN, vocabulary.shortening().longestWord());
    return Math.clamp(maxTokens * each, LEAST_BOUND, Integer.MAX_VALUE / 2);
  }

  Shortening shortening() {
    return vocabulary.shortening();
  }

  /** The tokens of a text that goes no further. */
  Tokens whole(String text) {
    int[] ids = toInts(encodeWhole(text).getIds());
    return new Tokens(ids.length <= maxTokens ? ids : truncate(ids), ids.length, true);
  }

  /**
   * The tokens of a text that begins like this; null where more of it could still change them.
   *
   * <p>Normalising and splitting into words look at a word and its neighbours only, and words are
   * tokenised one by one: the tokens of the prefix are those of the whole text, apart from its last
   * words.
   */
  @Nullable Tokens fills(String prefix) {
    Encoding encoding = encodeWhole(prefix);
    if (settledTokens(encoding) < maxTokens - before.length - after.length) {
      return null;
    }
    int[] ids = toInts(encoding.getIds());
    return new Tokens(truncate(ids), ids.length, false);
  }

  /** The tokens of a text that begins like this and of which no more is read. */
  Tokens cut(String prefix) {
    int[] ids = toInts(encodeWhole(prefix).getIds());
    return new Tokens(ids.length <= maxTokens ? ids : truncate(ids), ids.length, false);
  }

  /**
   * The last tokens of a text that ends like this.
   *
   * @param all whether it is the whole text
   */
  Tokens end(String suffix, boolean all) {
    int[] ids = toInts(encodeWhole(suffix).getIds());
    return new Tokens(ending(ids), ids.length, all);
  }

  /** How many tokens that is, special ones included. */
  int length(String text) {
    return encodeWhole(text).getIds().length;
  }

  /**
   * The model's own token ids as a text: the special tokens are put around them where they are not
   * there already, and the limit holds.
   *
   * @throws IllegalArgumentException when an id is not in the vocabulary
   */
  public Tokens wrap(int[] given, Truncation whenLong) {
    for (int id : given) {
      if (id < 0 || id >= vocabulary.size()) {
        throw new IllegalArgumentException(
            "token id " + id + " is outside the model's vocabulary of " + vocabulary.size());
      }
    }
    boolean begins = startsWith(given, before);
    boolean ends =
        given.length >= after.length
            && Arrays.equals(
                given, given.length - after.length, given.length, after, 0, after.length)
            && (!begins || given.length >= before.length + after.length);
    int[] ids = begins ? given : concat(before, given);
    ids = ends ? ids : concat(ids, after);
    if (whenLong == Truncation.START) {
      return new Tokens(ending(ids), ids.length, true);
    }
    return new Tokens(ids.length <= maxTokens ? ids : truncate(ids), ids.length, true);
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  /** Content tokens that no text after the prefix can change. */
  private static int settledTokens(Encoding prefix) {
    long[] words = prefix.getWordIds();
    int end = words.length;
    int loose = 0;
    long word = NO_WORD;
    while (end > 0) {
      long current = words[end - 1];
      if (current != word && current != NO_WORD) {
        word = current;
        loose++;
        if (loose > LOOSE_WORDS) {
          break;
        }
      }
      end--;
    }
    int settled = 0;
    for (int i = 0; i < end; i++) {
      settled += words[i] == NO_WORD ? 0 : 1;
    }
    return settled;
  }

  /** The first tokens, between the special ones. */
  private int[] truncate(int[] ids) {
    int[] kept = Arrays.copyOf(ids, maxTokens);
    System.arraycopy(after, 0, kept, maxTokens - after.length, after.length);
    return kept;
  }

  /** The last tokens, between the special ones. */
  private int[] ending(int[] ids) {
    if (ids.length <= maxTokens) {
      return ids;
    }
    int[] kept = Arrays.copyOfRange(ids, ids.length - maxTokens, ids.length);
    System.arraycopy(before, 0, kept, 0, before.length);
    return kept;
  }

  private Encoding encodeWhole(String text) {
    return tokenizer.encode(text, true, false);
  }

  static int boundary(String text, int chars) {
    return Character.isHighSurrogate(text.charAt(chars - 1)) ? chars - 1 : chars;
  }

  /** Half a character pair cannot cross into native code: the rest of the text would be damaged. */
  static String withoutLoneSurrogates(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        int point = text.codePointAt(i);
        if (!Character.isSupplementaryCodePoint(point)) {
          return replaceLoneSurrogates(text);
        }
        i++;
      }
    }
    return text;
  }

  private static String replaceLoneSurrogates(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints()
        .map(point ->
            point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE ? 0xFFFD : point)
        .forEach(clean::appendCodePoint);
    return clean.toString();
  }

  private static boolean startsWith(int[] ids, int[] start) {
    return ids.length >= start.length
        && Arrays.equals(ids, 0, start.length, start, 0, start.length);
  }

  private static int[] concat(int[] first, int[] second) {
    int[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static int[] toInts(long[] ids) {
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  /**
   * A text as the model reads it.
   *
   * @param ids special tokens included
   * @param length how many tokens the whole text has; more than {@code ids} when it was cut
   * @param counted false: it has at least {@code length} tokens, nobody counted further
   */
  public record Tokens(int[] ids, int length, boolean counted) {
    public boolean cut() {
      return length > ids.length || !counted;
    }
  }
}
