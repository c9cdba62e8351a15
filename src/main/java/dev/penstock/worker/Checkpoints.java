package dev.penstock.worker;

import dev.penstock.core.Checkpoint;
import dev.penstock.task.TaskHandler.Control;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a run leaves for the next one, and whether the store was told. Each telling has all children
 * that the run has read: a store without room skips one and does not say so, and what follows must
 * not be kept without it. Thread-safe.
 */
final class Checkpoints {
  /** How many children one run may say it has read. */
  static final int MOST_READ = 65_536;

  /** With more than that it is told with the settle alone: it would be sent again each second. */
  static final int MOST_TOLD = 2_048;

  private static final Duration EVERY = Duration.ofSeconds(1);

  private final Set<TaskId> read = new LinkedHashSet<>();
  private byte @Nullable [] state;
  private long changes;
  private long underWay;
  private long told;
  private long notBefore = System.nanoTime();

  /**
   * Keeps it until it is told, together with what was read before.
   *
   * @throws IllegalArgumentException when it is too long, or too many children are read
   */
  synchronized void keep(byte[] newest, Collection<TaskId> children) {
    if (newest.length > Control.MAX_CHECKPOINT) {
      throw new IllegalArgumentException(
          "a checkpoint has at most %d bytes, not %d"
              .formatted(Control.MAX_CHECKPOINT, newest.length));
    }
    Set<TaskId> more = new LinkedHashSet<>(children);
    more.removeAll(read);
    if (read.size() + more.size() > MOST_READ) {
      throw new IllegalArgumentException(
          "one run reads at most " + MOST_READ + " children: the next may read on");
    }
    if (!more.isEmpty() || state == null || !Arrays.equals(state, newest)) {
      read.addAll(more);
      state = newest.clone();
      changes++;
    }
  }

  /** What is to be told with an extension now; null: nothing has changed, or it is too soon. */
  synchronized @Nullable Checkpoint due(long now) {
    if (changes == told || now - notBefore < 0 || read.size() > MOST_TOLD) {
      return null;
    }
    underWay = changes;
    notBefore = now + EVERY.toNanos();
    return newest();
  }

  /** What was due has been answered. */
  synchronized void answered() {
    told = underWay;
  }

  /** What there is, told or not; null: the run has left nothing. */
  synchronized @Nullable Checkpoint newest() {
    return state == null ? null : new Checkpoint(state, List.copyOf(read), changes);
  }
}
