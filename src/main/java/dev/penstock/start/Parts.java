package dev.penstock.start;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts that have been started, to be stopped in reverse; one that fails stops no other. */
final class Parts {
  private static final Logger LOG = LoggerFactory.getLogger(Parts.class);
  private static final Duration PART = Duration.ofSeconds(30);

  private final Deque<Part> started = new ArrayDeque<>();

  interface Stop {
    void run() throws Exception;
  }

  private record Part(String name, Stop stop) {}

  /** What comes of a part's start or stop, within half a minute. */
  static <T> T await(Future<T> future) throws Exception {
    return await(future.toCompletionStage().toCompletableFuture(), PART);
  }

  static <T> T await(java.util.concurrent.Future<T> future, Duration limit) throws Exception {
    try {
      return future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    } catch (TimeoutException e) {
      throw new IllegalStateException("a part did not start or stop within " + limit, e);
    }
  }

  void started(String name, Stop stop) {
    started.push(new Part(name, stop));
  }

  void stop() {
    while (!started.isEmpty()) {
      Part part = started.pop();
      try {
        part.stop().run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        LOG.warn("stopping {}: {}", part.name(), e.toString());
      }
    }
  }
}
