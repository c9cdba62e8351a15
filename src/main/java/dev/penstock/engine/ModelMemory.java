package dev.penstock.engine;

import dev.penstock.config.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How much memory open models may take, and how long they may be idle. What a model takes is
 * estimated from its file: nobody can tell the native memory of one from that of another.
 *
 * @param limit bytes of all open models; 0: no limit
 * @param longestIdle zero: for ever
 * @param container null: there is no limit around the process
 */
record ModelMemory(long limit, Duration longestIdle, @Nullable Container container) {
  private static final double GIB = 1L << 30;
  private static final long MIB = 1L << 20;
  private static final int HEAP_SHARE = 4;

  /** Where files of the system are looked for; tests have their own. */
  private static final String ROOT = "penstock.system-root";

  /**
   * The container around the process.
   *
   * @param limit what it allows, in bytes
   * @param heap what the Java heap takes of it: a quarter, as the JVM has it where nobody says
   *     otherwise, unless it is smaller at most, or larger by now
   */
  record Container(long limit, LongSupplier heap) {
    /** The JVM beside its heap, with the code it compiled, the threads and SQLite's caches. */
    private static final long PROGRAM = 110 * MIB;

    long room() {
      return Math.max(0, limit - heap.getAsLong() - PROGRAM);
    }
  }

  ModelMemory(long limit, Duration longestIdle) {
    this(limit, longestIdle, null);
  }

  static ModelMemory of(Settings.Model settings) {
    OptionalLong limit = ContainerLimit.read(Path.of(System.getProperty(ROOT, "/")));
    return new ModelMemory(
        (long) (settings.maxMemoryGb() * GIB),
        settings.idleUnload(),
        limit.isEmpty() ? null : new Container(limit.getAsLong(), () -> heap(limit.getAsLong())));
  }

  private static long heap(long limit) {
    Runtime java = Runtime.getRuntime();
    return Math.min(java.maxMemory(), Math.max(java.totalMemory(), limit / HEAP_SHARE));
  }

  boolean fits(MemoryNeed need) {
    return within(need) && inContainer(need);
  }

  private boolean within(MemoryNeed need) {
    return limit == 0 || need.most() <= limit;
  }

  private boolean inContainer(MemoryNeed need) {
    return container == null || need.usual() <= container.room();
  }

  /**
   * The models to close so that the rest fits, the longest unused first; empty when that would not
   * be enough.
   *
   * @param idle those that may be closed
   * @param wanted what all take together, the new one included
   */
  Optional<List<ModelSlot>> toClose(List<ModelSlot> idle, MemoryNeed wanted) {
    List<ModelSlot> going = new ArrayList<>();
    MemoryNeed left = wanted;
    for (ModelSlot slot :
        idle.stream().sorted(Comparator.comparingLong(s -> s.idleSince)).toList()) {
      if (fits(left)) {
        break;
      }
      going.add(slot);
      left = left.minus(slot.need);
    }
    return fits(left) ? Optional.of(going) : Optional.empty();
  }

  /**
   * Why a model could not be opened even if all others were closed; empty when it could.
   *
   * @param kept what the models take that are never closed
   */
  Optional<String> whyNever(MemoryNeed need, MemoryNeed kept) {
    MemoryNeed all = need.plus(kept);
    if (!within(all)) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "it needs about %.2f GiB%s, and model.max-memory-gb allows %.2f",
              need.most() / GIB,
              kept.most() == 0
                  ? ""
                  : String.format(
                      Locale.ROOT, " beside the default models' %.2f", kept.most() / GIB),
              limit / GIB));
    }
    return container == null || inContainer(all)
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "it needs about %d MiB%s, and of the %d MiB that this container may take the program and its"
                    + " Java heap of %d leave %d: give the container more, or the heap less (-Xmx in JAVA_OPTS)",
                need.usual() / MIB,
                kept.usual() == 0 ? "" : " beside the default models' " + kept.usual() / MIB,
                container.limit() / MIB,
                container.heap().getAsLong() / MIB,
                container.room() / MIB));
  }

  boolean idleTooLong(long nanos) {
    return longestIdle.isPositive() && nanos >= longestIdle.toNanos();
  }
}
