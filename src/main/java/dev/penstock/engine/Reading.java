package dev.penstock.engine;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One text on its way through a tokenizer, in steps of some milliseconds at most, so that others
 * get their turns between them and nobody waits for a text that is not wanted any more. Only so
 * much is read as the model can use: a prefix that fills its limit, or else the text without what
 * the tokenizer makes no tokens of, up to a bound.
 */
final class Reading {
  /** Characters that are looked at in one step. */
  private static final int CHUNK = 1 << 16;

  /** So many of them cost as much as one that is tokenised. */
  private static final int LOOKED_AT = 16;

  private static final int GROWTH = 4;

  /** The tokens of a text that is too long are counted up to this many characters. */
  private static final int MAX_COUNTED_CHARS = 1 << 16;

  private final Tokenizer tokenizer;
  private final Truncation whenLong;
  private final TextSource whole;
  private final Reader source;
  private final int first;
  private final int most;
  private final ShortText text;
  private boolean ended;

  /** Some of its start is gone. */
  private boolean left;

  private int target;
  private long given;

  /** The tokens that the model reads; only their number is still looked for. */
  private @Nullable Tokens cut;

  private @Nullable Tokens tokens;

  Reading(Tokenizer tokenizer, TextSource source, Truncation whenLong) {
    this.tokenizer = tokenizer;
    this.whenLong = whenLong;
    this.whole = source;
    this.source = source.open();
    this.first = tokenizer.firstChars();
    this.most = tokenizer.mostChars();
    this.text = new ShortText(tokenizer.shortening());
  }

  /** All steps at once. */
  static Tokens all(Tokenizer tokenizer, TextSource source, Truncation whenLong) {
    var reading = new Reading(tokenizer, source, whenLong);
    while (reading.tokens == null) {
      reading.step();
    }
    return reading.tokens;
  }

  /** Null: it takes another step. */
  @Nullable Tokens tokens() {
    return tokens;
  }

  /** Characters that the tokenizer was given so far. */
  long given() {
    return given;
  }

  /** Goes a step on; says what that cost, in characters that are tokenised. */
  int step() {
    if (target == 0) {
      return begin();
    }
    if (whenLong == Truncation.START) {
      return ended ? end() : more();
    }
    if (text.length() < target && !ended) {
      return more();
    }
    return cut == null ? go() : count(cut);
  }

  /** As most texts are: short, or such that their start fills the limit. */
  private int begin() {
    String start = start();
    ended = start.length() <= first;
    if (ended) {
      String all = give(Tokenizer.withoutLoneSurrogates(start));
      tokens = whenLong == Truncation.START ? tokenizer.end(all, true) : tokenizer.whole(all);
      return 1 + start.length();
    }
    target = grown(first);
    text.add(start);
    if (whenLong == Truncation.START) {
      return first / LOOKED_AT;
    }
    String prefix = start.substring(0, Tokenizer.boundary(start, first));
    enough(tokenizer.fills(give(Tokenizer.withoutLoneSurrogates(prefix))));
    return first;
  }

  /** One character more than are tokenised first, where there are so many. */
  private String start() {
    if (whole instanceof TextSource.Whole(String known) && known.length() <= first) {
      return known;
    }
    int most = first + 1;
    char[] chars = new char[(int) Math.min(most, 1 + whole.length())];
    int count = read(chars, 0);
    while (count == chars.length && count < most) {
      chars = Arrays.copyOf(chars, (int) Math.min(most, 2L * count));
      count += read(chars, count);
    }
    return new String(chars, 0, count);
  }

  /** Reads on. */
  private int more() {
    char[] chars = new char[CHUNK];
    int count = read(chars, 0);
    text.add(chars, count);
    if (whenLong == Truncation.START) {
      left |= text.keepTail(most);
    }
    if (count < chars.length) {
      ended = true;
      text.end();
    }
    return 1 + count / LOOKED_AT;
  }

  /** Its start is left out: what was kept is its end. */
  private int end() {
    String read = give(text.tail(most));
    tokens = tokenizer.end(read, !left && read.length() == text.length());
    return read.length();
  }

  private int go() {
    String read = give(text.head(target));
    if (ended && read.length() == text.length()) {
      tokens = tokenizer.whole(read);
    } else if (target < most) {
      target = grown(target);
      enough(tokenizer.fills(read));
    } else {
      enough(tokenizer.cut(read));
    }
    return read.length();
  }

  /** Null: they are not. */
  private void enough(@Nullable Tokens found) {
    if (found == null) {
      return;
    }
    if (whenLong == Truncation.END) {
      tokens = found;
    } else {
      cut = found;
      target = Math.max(MAX_COUNTED_CHARS, first);
    }
  }

  /** The caller will refuse the text, and say how many tokens it has. */
  private int count(Tokens cut) {
    String read = give(text.head(target));
    boolean all = ended && read.length() == text.length();
    int length = Math.max(tokenizer.length(read), cut.length());
    tokens = new Tokens(cut.ids(), length, all);
    return read.length();
  }

  private int grown(int chars) {
    return (int) Math.min(most, (long) chars * GROWTH);
  }

  private String give(String chars) {
    given += chars.length();
    return chars;
  }

  private int read(char[] into, int from) {
    int count = 0;
    try {
      while (from + count < into.length) {
        int got = source.read(into, from + count, into.length - from - count);
        if (got < 0) {
          break;
        }
        count += got;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return count;
  }
}
