package dev.penstock.storage.sqlite;

import java.time.Duration;

/**
 * The bounds of the database's queues and waits.
 *
 * @param answer how long a caller waits for its answer
 * @param closing how long closing may take
 * @param probe how often a file in trouble is tried
 */
record Limits(
    int queuedWrites,
    int queuedReads,
    int jobsPerCommit,
    int readers,
    Duration answer,
    Duration closing,
    Duration probe) {

  static final Limits DEFAULTS =
      new Limits(
          4_096,
          1_024,
          512,
          4,
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(1));
}
