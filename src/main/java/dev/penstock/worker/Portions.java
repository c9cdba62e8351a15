package dev.penstock.worker;

import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Extensions in requests of which none is too long, for what their checkpoints come to. */
final class Portions {
  /** As they are sent to a server far away: in Base64. Its limit is 1 MiB, all told. */
  static final long MOST_BYTES = 768 * 1024;

  /** An id in a list of JSON. */
  private static final int READ_BYTES = 39;

  private Portions() {}

  /** Runs and what is to be said of them; those first that have no checkpoint. */
  static List<List<Map.Entry<Run, HeldLease>>> of(Map<Run, HeldLease> all) {
    List<List<Map.Entry<Run, HeldLease>>> portions = new ArrayList<>();
    List<Map.Entry<Run, HeldLease>> portion = new ArrayList<>();
    long bytes = 0;
    for (var each :
        all.entrySet().stream()
            .sorted(Comparator.comparingLong(each -> bytes(each.getValue())))
            .toList()) {
      long more = bytes(each.getValue());
      if (!portion.isEmpty() && bytes + more > MOST_BYTES) {
        portions.add(portion);
        portion = new ArrayList<>();
        bytes = 0;
      }
      portion.add(each);
      bytes += more;
    }
    if (!portion.isEmpty()) {
      portions.add(portion);
    }
    return portions;
  }

  private static long bytes(HeldLease held) {
    Checkpoint checkpoint = held.checkpoint();
    return checkpoint == null
        ? 0
        : (checkpoint.state().length + 2) / 3 * 4L + (long) READ_BYTES * checkpoint.read().size();
  }
}
