package dev.penstock.engine;

import dev.penstock.task.Priority;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;

/** Tokens, by estimate, of work that is on its way to a batcher: its tokens are being made. */
public final class UpcomingTokens {
  private final AtomicLongArray byPriority = new AtomicLongArray(Priority.MAX + 1);

  /** Work on its way; closed when it is there, or will not come. */
  public interface Arrival extends AutoCloseable {
    @Override
    void close();
  }

  /** Closing it again does nothing. */
  Arrival add(Priority priority, long tokens) {
    byPriority.addAndGet(priority.value(), tokens);
    var here = new AtomicBoolean();
    return () -> {
      if (here.compareAndSet(false, true)) {
        byPriority.addAndGet(priority.value(), -tokens);
      }
    };
  }

  /** Of that priority and above. */
  long from(Priority priority) {
    long sum = 0;
    for (int i = priority.value(); i <= Priority.MAX; i++) {
      sum += byPriority.get(i);
    }
    return sum;
  }
}
