package dev.penstock.task;

/** How far a running task is: {@code done} of {@code total} steps, and a few words. */
public record Progress(long done, long total, String message) {
  private static final int MAX_MESSAGE = 200;

  public Progress {
    if (done < 0 || total < done) {
      throw new IllegalArgumentException("progress " + done + " of " + total);
    }
    if (message.length() > MAX_MESSAGE) {
      message = message.substring(0, MAX_MESSAGE);
    }
  }
}
