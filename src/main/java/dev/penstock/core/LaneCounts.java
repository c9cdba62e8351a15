package dev.penstock.core;

import dev.penstock.task.Lane;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How many of a lane's tasks have not ended, or have failed.
 *
 * @param oldest since when its longest-waiting ready task has waited
 */
public record LaneCounts(
    Lane lane, long ready, long scheduled, long running, long failed, @Nullable Instant oldest) {

  /** A lane without any. */
  public static LaneCounts none(Lane lane) {
    return new LaneCounts(lane, 0, 0, 0, 0, null);
  }
}
