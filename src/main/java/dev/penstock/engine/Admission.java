package dev.penstock.engine;

import dev.penstock.core.TimeLimit;
import java.util.Collection;

/**
 * Which jobs of one priority may begin. Begun side by side, all of them take as long as all
 * together, and each may run out of its time just before its end. So another begins only while
 * those that have begun, and it, keep their limits at the model's pace. What is short passes.
 */
final class Admission {
  /** The pace is no promise: other work of the machine may slow it down. */
  private static final double RESERVE = 1.25;

  /**
   * What fits into one batch is short, where a batch takes no more than such a part of any limit.
   */
  private static final int SHORT = 16;

  private final int batchTokens;
  private final double nanosPerToken;
  private long begun;
  private long tokens;
  private long nanosLeft = Long.MAX_VALUE;

  /**
   * @param jobs those that wait
   * @param nanosPerToken 0: the pace is not known yet
   */
  Admission(Collection<Job> jobs, int batchTokens, double nanosPerToken) {
    this.batchTokens = batchTokens;
    this.nanosPerToken = nanosPerToken;
    for (Job job : jobs) {
      if (job.begun()) {
        began(job);
      }
    }
  }

  /** Takes account of what has begun and still waits, in part. */
  void began(Job job) {
    TimeLimit limit = job.limit();
    if (limit != null) {
      begun++;
      tokens += job.tokens();
      nanosLeft = Math.min(nanosLeft, limit.nanosLeft());
    }
  }

  /** Whether a sequence of it may be taken. */
  boolean admits(Job job) {
    TimeLimit limit = job.limit();
    if (limit == null || job.begun() || begun == 0) {
      return true;
    }
    long least = Math.min(nanosLeft, limit.nanosLeft());
    double own = nanosPerToken * job.tokens();
    if (job.tokens() <= batchTokens && own * SHORT <= least) {
      return true;
    }
    return nanosPerToken > 0 && RESERVE * (nanosPerToken * tokens + own) <= least;
  }
}
