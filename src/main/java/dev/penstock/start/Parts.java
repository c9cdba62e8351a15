package dev.penstock.start;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts that have been started, to be stopped in reverse; one that fails stops no other. */
final class Parts {
  private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

  private final Deque<Part> started = new ArrayDeque<>();

  interface Stop {
    void run() throws Exception;
  }

  private record Part(String name, Stop stop) {}

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
