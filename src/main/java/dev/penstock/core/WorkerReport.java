package dev.penstock.core;

/**
 * What a worker says of itself, and of what it has done since its start.
 *
 * @param host the machine it runs on, as that names itself; empty: not known
 * @param running tasks it has in flight
 * @param done runs that ended with a result
 * @param failed runs that ended otherwise
 * @param memory bytes its process has resident; −1: not known
 */
public record WorkerReport(
    String host,
    String device,
    long running,
    long done,
    long failed,
    Batches batches,
    long memory,
    String version) {

  /** Who has said nothing yet. */
  public static final WorkerReport NONE =
      new WorkerReport("", "", 0, 0, 0, new Batches(0, 0), -1, "");

  /** Model runs and the texts in them. */
  public record Batches(long runs, long texts) {}
}
