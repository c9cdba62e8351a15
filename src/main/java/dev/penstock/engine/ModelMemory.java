package dev.penstock.engine;

import dev.penstock.config.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How much memory open models may take, and how long they may be idle. What a model takes is
 * estimated from its file: nobody can tell the native memory of one from that of another.
 *
 * @param limit bytes of all open models; 0: no limit
 * @param longestIdle zero: for ever
 */
record ModelMemory(long limit, Duration longestIdle) {
  private static final double GIB = 1L << 30;

  static ModelMemory of(Settings.Model settings) {
    return new ModelMemory((long) (settings.maxMemoryGb() * GIB), settings.idleUnload());
  }

  boolean fits(long bytes) {
    return limit == 0 || bytes <= limit;
  }

  /**
   * The models to close so that the rest fits, the longest unused first; empty when that would not
   * be enough.
   *
   * @param idle those that may be closed
   * @param wanted bytes of all together, the new one included
   */
  Optional<List<ModelSlot>> toClose(List<ModelSlot> idle, long wanted) {
    List<ModelSlot> going = new ArrayList<>();
    long left = wanted;
    for (ModelSlot slot :
        idle.stream().sorted(Comparator.comparingLong(s -> s.idleSince)).toList()) {
      if (fits(left)) {
        break;
      }
      going.add(slot);
      left -= slot.bytes;
    }
    return fits(left) ? Optional.of(going) : Optional.empty();
  }

  /**
   * Why a model could not be opened even if all others were closed; empty when it could.
   *
   * @param keptBytes what the models take that are never closed
   */
  Optional<String> whyNever(long bytes, long keptBytes) {
    return fits(bytes + keptBytes)
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "it needs about %.2f GiB%s, and model.max-memory-gb allows %.2f",
                bytes / GIB,
                keptBytes == 0
                    ? ""
                    : String.format(
                        Locale.ROOT, " beside the default models' %.2f", keptBytes / GIB),
                limit / GIB));
  }

  boolean idleTooLong(long nanos) {
    return longestIdle.isPositive() && nanos >= longestIdle.toNanos();
  }
}
