package dev.penstock.engine.llama;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The text of an answer as it grows. What may be half a character, or the beginning of a stop
 * string, is held back until it is known.
 */
final class AnswerText {
  private final List<String> stops;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  /** Bytes of a character that is not whole. */
  private byte[] half = {};

  private String held = "";
  private boolean stopped;

  /**
   * @param stops the answer ends before the first of these; none is empty
   */
  AnswerText(List<String> stops) {
    this.stops = stops;
  }

  /** Takes a token's bytes; returns what is known of the text now, and was not before. */
  String add(byte[] piece) {
    return release(held + decode(piece));
  }

  private String decode(byte[] piece) {
    ByteBuffer in = ByteBuffer.allocate(half.length + piece.length).put(half).put(piece).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    var _ = decoder.decode(in, out, false);
    half = new byte[in.remaining()];
    in.get(half);
    return out.flip().toString();
  }

  private String release(String text) {
    int first = text.length();
    for (String stop : stops) {
      int at = text.indexOf(stop);
      if (at >= 0 && at < first) {
        first = at;
        stopped = true;
      }
    }
    if (stopped) {
      held = "";
      return text.substring(0, first);
    }
    int known = text.length() - longestBeginning(text);
    held = text.substring(known);
    return text.substring(0, known);
  }

  /** How much of the text's end a stop string may begin with. */
  private int longestBeginning(String text) {
    int longest = 0;
    for (String stop : stops) {
      int length = Math.min(stop.length() - 1, text.length());
      while (length > longest && !text.endsWith(stop.substring(0, length))) {
        length--;
      }
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /** Whether a stop string has come: nothing follows. */
  boolean stopped() {
    return stopped;
  }

  /** The answer ends: what was held back was no stop string. Half a character is left out. */
  String end() {
    String rest = held;
    held = "";
    return rest;
  }
}
