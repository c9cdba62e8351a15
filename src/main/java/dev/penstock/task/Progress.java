package dev.penstock.task;

/**
 * How far a running task is: {@code done} of {@code total} steps, and a few words. What cannot be
 * is mended: it is shown to people, and no reason to fail.
 */
public record Progress(long done, long total, String message) {
  private static final int MAX_MESSAGE = 200;

  /** More would not be told exactly by what reads JSON numbers as floating point. */
  private static final long MOST = 1_000_000_000_000_000L;

  public Progress {
    done = Math.clamp(done, 0, MOST);
    total = Math.clamp(total, done, MOST);
    message = Words.mended(message, MAX_MESSAGE, "");
  }
}
