package dev.penstock.engine.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a text stands that has to keep to a grammar: all that may follow it. It never changes, so it
 * is asked for any number of texts that might follow.
 */
public final class GrammarState {
  /** A grammar that leaves as much open is not followed: it would cost as much with each letter. */
  private static final int MOST_WAYS = 5_000;

  private static final int CONTINUED = 0x80;
  private static final int SIX_BITS = 6;
  private static final int LOW_SIX = 0x3f;

  /** The smallest characters of so many bytes: what is less was written too long. */
  private static final int[] LEAST = {0, 0, 0x80, 0x800, 0x10000};

  /** Each stands before a set of characters, or has nothing to come. */
  private final List<Frame> ways;

  /** Of a character that is not whole: its bits so far, its bytes, and how many are to come. */
  private final int half;

  private final int length;
  private final int missing;

  private GrammarState(List<Frame> ways, int half, int length, int missing) {
    this.ways = ways;
    this.half = half;
    this.length = length;
    this.missing = missing;
  }

  static GrammarState of(Collection<Frame> frames) {
    return new GrammarState(opened(frames), 0, 0, 0);
  }

  /**
   * How it stands after some bytes more, which may end within a character.
   *
   * @return null: they cannot follow
   */
  public @Nullable GrammarState after(byte[] utf8) {
    List<Frame> next = ways;
    int bits = half;
    int bytes = length;
    int left = missing;
    for (byte each : utf8) {
      int b = Byte.toUnsignedInt(each);
      if (left > 0) {
        if ((b & ~LOW_SIX) != CONTINUED) {
          return null;
        }
        bits = (bits << SIX_BITS) | (b & LOW_SIX);
        left--;
      } else {
        bytes = length(b);
        if (bytes == 0) {
          return null;
        }
        bits = bytes == 1 ? b : b & (0x7f >> bytes);
        left = bytes - 1;
      }
      if (left == 0) {
        if (bits < LEAST[bytes] || bits > Chars.LAST || surrogate(bits)) {
          return null;
        }
        next = stepped(next, bits);
        if (next.isEmpty()) {
          return null;
        }
      }
    }
    return left > 0 && !mayBecome(next, bits, left)
        ? null
        : new GrammarState(next, bits, bytes, left);
  }

  /** Whether there is a text at all. */
  boolean possible() {
    return !ways.isEmpty();
  }

  /** Whether the text may end here. */
  public boolean complete() {
    return missing == 0 && ways.contains(Frame.END);
  }

  /** Whether nothing may follow. */
  public boolean ended() {
    return missing == 0 && ways.size() == 1 && ways.contains(Frame.END);
  }

  private static boolean surrogate(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }

  /** How many bytes a character has that begins with this one; 0: none does. */
  private static int length(int first) {
    if (first < CONTINUED) {
      return 1;
    }
    int ones = Integer.numberOfLeadingZeros(~(first << (Integer.SIZE - Byte.SIZE)));
    return ones >= 2 && ones < LEAST.length ? ones : 0;
  }

  private static boolean mayBecome(List<Frame> ways, int bits, int left) {
    int first = bits << (SIX_BITS * left);
    int last = first | ((1 << (SIX_BITS * left)) - 1);
    return ways.stream()
        .anyMatch(way -> way.node instanceof Chars chars && chars.hasAny(first, last));
  }

  private static List<Frame> stepped(List<Frame> ways, int c) {
    List<Frame> next = new ArrayList<>();
    for (Frame way : ways) {
      if (way.node instanceof Chars chars && chars.has(c)) {
        next.add(way.below());
      }
    }
    return next.isEmpty() ? List.of() : opened(next);
  }

  /** All ways that begin with these, each followed to where a character is due. */
  private static List<Frame> opened(Collection<Frame> frames) {
    Set<Frame> seen = new HashSet<>();
    Set<Frame> ways = new LinkedHashSet<>();
    Deque<Frame> open = new ArrayDeque<>(frames);
    while (!open.isEmpty()) {
      Frame frame = open.pop();
      if (frame.node == null || frame.node instanceof Chars) {
        ways.add(frame);
      } else if (seen.add(frame)) {
        open(frame, frame.node, open);
      }
      if (ways.size() + seen.size() > MOST_WAYS) {
        throw new IllegalStateException("the grammar leaves too much open");
      }
    }
    return List.copyOf(ways);
  }

  private static void open(Frame frame, Node node, Deque<Frame> open) {
    switch (node) {
      case Chars _ -> throw new IllegalStateException("nothing to open");
      case Node.Rule rule -> open.push(Frame.of(rule.body, 0, frame.below()));
      case Node.Choice choice -> {
        for (Node branch : choice.branches().reversed()) {
          open.push(Frame.of(branch, 0, frame.below()));
        }
      }
      case Node.Sequence sequence -> {
        int at = frame.done;
        if (at == sequence.parts().size()) {
          open.push(frame.below());
        } else {
          boolean last = at + 1 == sequence.parts().size();
          Frame rest = last ? frame.below() : Frame.of(sequence, at + 1, frame.below());
          open.push(Frame.of(sequence.parts().get(at), 0, rest));
        }
      }
      case Node.Repeat repeat -> {
        if (frame.done >= repeat.least()) {
          open.push(frame.below());
        }
        if (frame.done < repeat.most()) {
          // Beyond the least of an endless one it does not matter how often it was there.
          boolean counted = repeat.most() != Node.ENDLESS || frame.done < repeat.least();
          Frame rest = counted ? Frame.of(repeat, frame.done + 1, frame.below()) : frame;
          open.push(Frame.of(repeat.part(), 0, rest));
        }
      }
    }
  }
}
