package dev.penstock.core;

import dev.penstock.task.Lane;
import java.time.Instant;

/**
 * What happened on a lane within one minute. Two of the same minute add up.
 *
 * @param minute its beginning
 * @param failed tasks that ended so, not attempts
 * @param waited how long the tasks that ended in it had waited for their last run
 * @param ran how long that run took
 */
public record LaneMinute(
    Instant minute,
    Lane lane,
    long submitted,
    long completed,
    long failed,
    long cancelled,
    Latencies waited,
    Latencies ran) {

  public LaneMinute plus(LaneMinute more) {
    return new LaneMinute(
        minute,
        lane,
        submitted + more.submitted,
        completed + more.completed,
        failed + more.failed,
        cancelled + more.cancelled,
        waited.plus(more.waited),
        ran.plus(more.ran));
  }
}
