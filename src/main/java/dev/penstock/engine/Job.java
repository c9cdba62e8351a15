package dev.penstock.engine;

import dev.penstock.core.TimeLimit;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A piece of work on its way through a {@link Batcher}: its waiting sequences by length, and
 * whether anybody still wants them. The waiting part is guarded by the batcher's lock.
 */
final class Job {
  private final Work work;
  private final TreeMap<Integer, ArrayDeque<Sequence>> waiting = new TreeMap<>();
  private long tokens;
  private long waitingSince;
  private boolean begun;
  private boolean ended;
  private int running;

  Job(Work work) {
    this.work = work;
    for (int index = 0; index < work.sequences().size(); index++) {
      int[] ids = work.sequences().get(index);
      if (ids.length == 0) {
        throw new IllegalArgumentException("sequence " + index + " is empty");
      }
      waiting
          .computeIfAbsent(ids.length, length -> new ArrayDeque<>())
          .add(new Sequence(this, index, ids));
      tokens += ids.length;
    }
  }

  Work work() {
    return work;
  }

  /** Tokens of the sequences that wait. */
  long tokens() {
    return tokens;
  }

  /** Whether a sequence of it has been taken. */
  boolean begun() {
    return begun;
  }

  /** How long it may take; null: nobody counts. */
  @Nullable TimeLimit limit() {
    return work.limit();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Since when no sequence of it was taken. */
  long waitingSince() {
    return waitingSince;
  }

  void waitingSince(long now) {
    waitingSince = now;
  }

  /** The longest sequence. Must not be empty. */
  Sequence takeLongest() {
    return take(waiting.lastEntry());
  }

  /**
   * The longest sequence of at most {@code length} tokens and at least {@code least}, or else the
   * shortest one above of at most {@code most}; null when there is neither.
   */
  @Nullable Sequence takeLike(int length, int least, int most) {
    var below = waiting.floorEntry(Math.min(length, most));
    if (below != null && below.getKey() >= least) {
      return take(below);
    }
    var above = waiting.higherEntry(length);
    return above != null && above.getKey() <= most ? take(above) : null;
  }

  private Sequence take(Map.Entry<Integer, ArrayDeque<Sequence>> entry) {
    Sequence sequence = entry.getValue().remove();
    if (entry.getValue().isEmpty()) {
      waiting.remove(entry.getKey());
    }
    tokens -= sequence.length();
    begun = true;
    return sequence;
  }

  /** True when nobody waits for its vectors any more. */
  synchronized boolean ended() {
    return ended;
  }

  /** One of its sequences is run from now on. */
  synchronized void runs() {
    if (running++ == 0 && !ended && work.limit() != null) {
      work.limit().pass();
    }
  }

  /** One of its sequences has been run. Nothing is said of work that has ended: others count on. */
  synchronized void ran() {
    if (--running == 0 && !ended && work.limit() != null) {
      work.limit().stand();
    }
  }

  synchronized void deliver(int index, float[] vector) {
    if (!ended) {
      work.sink().vector(index, vector);
    }
  }

  synchronized void fail(Exception cause) {
    if (!ended) {
      ended = true;
      work.sink().failed(cause);
    }
  }

  synchronized void cancel() {
    ended = true;
  }

  /** One tokenised text of a job: what batches are made of. */
  record Sequence(Job job, int index, int[] ids) {
    int length() {
      return ids.length;
    }
  }
}
