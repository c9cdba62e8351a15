package dev.penstock.core;

import dev.penstock.task.Lane;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How many of a lane's tasks have not ended, or have failed.
 *
 * @param waiting how many wait for children; they are processing, and not among {@code running}
 * @param oldest since when its longest-waiting ready task has waited
 */
public record LaneCounts(
    Lane lane,
    long ready,
    long scheduled,
    long running,
    long waiting,
    long failed,
    @Nullable Instant oldest) {

  /** Of a lane in which no task waits for children. */
  public LaneCounts(
      Lane lane, long ready, long scheduled, long running, long failed, @Nullable Instant oldest) {
    this(lane, ready, scheduled, running, 0, failed, oldest);
  }

  /** A lane without any. */
  public static LaneCounts none(Lane lane) {
    return new LaneCounts(lane, 0, 0, 0, 0, null);
  }

  /** The same, but its longest-waiting ready task waits since then. */
  public LaneCounts waitingSince(Instant since) {
    return new LaneCounts(lane, ready, scheduled, running, waiting, failed, since);
  }
}
