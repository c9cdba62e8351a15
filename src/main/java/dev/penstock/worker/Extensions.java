package dev.penstock.worker;

import dev.penstock.base.Portions;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Extensions in requests of which none is too long, for what their checkpoints come to. */
final class Extensions {
  /** As they are sent to a server far away: in Base64. Its limit is 1 MiB, all told. */
  static final long MOST_BYTES = 768 * 1024;

  /** An id in a list of JSON. */
  private static final int READ_BYTES = 39;

  private Extensions() {}

  /** Runs and what is to be said of them; those first that have no checkpoint. */
  static List<List<Map.Entry<Run, HeldLease>>> portions(Map<Run, HeldLease> all) {
    List<Map.Entry<Run, HeldLease>> smallestFirst =
        all.entrySet().stream()
            .sorted(Comparator.comparingLong(each -> bytes(each.getValue())))
            .toList();
    return Portions.of(
        smallestFirst, Integer.MAX_VALUE, each -> bytes(each.getValue()), MOST_BYTES);
  }

  private static long bytes(HeldLease held) {
    Checkpoint checkpoint = held.checkpoint();
    return checkpoint == null
        ? 0
        : (checkpoint.state().length + 2) / 3 * 4L + (long) READ_BYTES * checkpoint.read().size();
  }
}
