package dev.penstock.pieces;

import java.time.Duration;

/**
 * What pieces may cost.
 *
 * @param task the bytes that are kept of one task
 * @param all the bytes that are kept of all
 * @param credit the bytes that a node may send to one that listens before that asks for more
 * @param portion the bytes of one message between nodes
 * @param gather at least so long from one message, or one ring of a reader's bell, to the next
 * @param announce how often a node says to what it listens
 * @param lapse how long that holds
 * @param keep how long pieces outlive their run's end
 * @param keepSilent how long they are kept of a run that is not known to have ended
 */
record PieceLimits(
    long task,
    long all,
    long credit,
    long portion,
    Duration gather,
    Duration announce,
    Duration lapse,
    Duration keep,
    Duration keepSilent) {
  private static final long TASK = 256 << 10;
  private static final int SHARE_OF_HEAP = 8;

  static PieceLimits ofThisProcess() {
    return new PieceLimits(
        TASK,
        Math.max(TASK, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP),
        TASK,
        64 << 10,
        Duration.ofMillis(25),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofMinutes(1),
        Duration.ofHours(1));
  }
}
