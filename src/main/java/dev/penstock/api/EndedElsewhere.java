package dev.penstock.api;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the ends of tasks that other nodes have told of. What is told while one read is under way
 * is in the next, so that many ends cost few reads. Ends that cannot be read now are found later by
 * who waits for them.
 */
final class EndedElsewhere {
  private static final Logger LOG = LoggerFactory.getLogger(EndedElsewhere.class);
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int MOST = 10_000;
  private static final int AT_A_TIME = 200;

  private final Bus bus;
  private final Consumer<Task> found;
  private final Set<TaskId> told = new HashSet<>();
  private boolean reading;

  /**
   * @param found is given each ended task, with its output unless that is long
   */
  EndedElsewhere(Bus bus, Consumer<Task> found) {
    this.bus = bus;
    this.found = found;
  }

  /** Does not block. */
  synchronized void ended(TaskId id) {
    if (told.size() < MOST) {
      told.add(id);
    }
    if (!reading) {
      reading = true;
      Thread.ofVirtual().name("ended elsewhere").start(this::read);
    }
  }

  private void read() {
    while (true) {
      Set<TaskId> ids;
      synchronized (this) {
        if (told.isEmpty()) {
          reading = false;
          return;
        }
        // Their short outputs come too, so not all at once.
        ids = told.stream().limit(AT_A_TIME).collect(Collectors.toSet());
        told.removeAll(ids);
      }
      try {
        bus.ask(new GlanceAtTasks(ids), LIMIT).values().forEach(seen -> found.accept(seen.task()));
      } catch (Unavailable e) {
        LOG.debug("reading ended tasks: {}", e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException | Error e) {
        LOG.error("reading ended tasks failed", e);
      }
    }
  }
}
