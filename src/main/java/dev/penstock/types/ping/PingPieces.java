package dev.penstock.types.ping;

import dev.penstock.task.TaskHandler.Control;
import dev.penstock.task.TaskOutput;
import java.time.Duration;

/** Emits numbered pieces, evenly over the time that a ping takes. */
final class PingPieces {
  static final int MOST = 100_000;
  private static final long NANOS_A_MILLI = 1_000_000;

  private PingPieces() {}

  static void emit(int pieces, int millis, Control control) throws InterruptedException {
    long began = System.nanoTime();
    for (int i = 0; i < pieces; i++) {
      control.emit(TaskOutput.json("{\"i\":" + i + "}"));
      // By the clock: the sum of many short sleeps would be much longer.
      long due = (i + 1L) * millis * NANOS_A_MILLI / pieces;
      long left = due - (System.nanoTime() - began);
      if (left > 0) {
        Thread.sleep(Duration.ofNanos(left));
      }
      if (control.stopped()) {
        throw new InterruptedException("stopped");
      }
    }
  }
}
