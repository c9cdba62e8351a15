package dev.penstock.engine;

import java.io.Reader;
import java.io.StringReader;

/**
 * A text for a tokenizer. It is read from its start, only as far as the model's tokens need it, so
 * one that is made as it is read costs no more than that.
 */
public interface TextSource {
  /** Its characters, from the first one on. Reading them waits for nothing outside the process. */
  Reader open();

  /** How many characters it has; an estimate where nobody knows yet. */
  long length();

  /** A text that is there, behind a prefix that every text of its kind gets. */
  static TextSource of(String prefix, String text) {
    return prefix.isEmpty() ? new Whole(text) : new Prefixed(prefix, new Whole(text));
  }

  /** The same behind a prefix. */
  default TextSource after(String prefix) {
    return prefix.isEmpty() ? this : new Prefixed(prefix, this);
  }

  /** A text that is there. */
  record Whole(String text) implements TextSource {
    @Override
    public Reader open() {
      return new StringReader(text);
    }

    @Override
    public long length() {
      return text.length();
    }
  }

  /** One behind a prefix; neither is copied. */
  record Prefixed(String prefix, TextSource text) implements TextSource {
    @Override
    public Reader open() {
      return new JoinedReader(new StringReader(prefix), text.open());
    }

    @Override
    public long length() {
      return prefix.length() + text.length();
    }
  }
}
