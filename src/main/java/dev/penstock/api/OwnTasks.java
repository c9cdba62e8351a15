package dev.penstock.api;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.core.Glance;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskType.Form;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tasks of whoever asks. Another owner's is as unknown as one that never was. */
public final class OwnTasks {
  public static final Duration LIMIT = Duration.ofSeconds(10);

  private final Bus bus;
  private final TaskTypes types;

  OwnTasks(Bus bus, TaskTypes types) {
    this.bus = bus;
    this.types = types;
  }

  /**
   * A task and how its result is rendered.
   *
   * @param task without its input
   */
  record Whole(Task task, Form form) {}

  /** The task of the path's {@code {id}}, without its input. A result that is long is left out. */
  Task find(Exchange exchange) throws InterruptedException {
    return find(exchange, "id");
  }

  Task find(Exchange exchange, String parameter) throws InterruptedException {
    return glance(exchange, parameter).task();
  }

  private Glance glance(Exchange exchange, String parameter) throws InterruptedException {
    TaskId.parse(exchange.parameter(parameter)).ifPresent(exchange::about);
    return glance(exchange.parameter(parameter), exchange.caller().owner())
        .orElseThrow(() -> new Refusal(ApiError.noSuchTask().withParam(parameter)));
  }

  boolean has(String id, String owner) throws InterruptedException {
    return glance(id, owner).isPresent();
  }

  private Optional<Glance> glance(String id, String owner) throws InterruptedException {
    Optional<TaskId> known = TaskId.parse(id);
    return known.isEmpty()
        ? Optional.empty()
        : glance(known.get()).filter(seen -> seen.task().spec().owner().equals(owner));
  }

  private Optional<Glance> glance(TaskId id) throws InterruptedException {
    @Nullable Glance seen = bus.ask(new GlanceAtTasks(Set.of(id)), LIMIT).get(id);
    return Optional.ofNullable(seen);
  }

  /** The task of the path with its result, for which the exchange holds room. */
  Whole whole(Exchange exchange) throws InterruptedException {
    return whole(exchange, glance(exchange, "id"));
  }

  /** The same of a task whose owner is known; empty: it is no more, or its result is longer. */
  Optional<Whole> whole(Exchange exchange, TaskId id, int most) throws InterruptedException {
    Optional<Glance> seen = glance(id).filter(found -> found.resultBytes() <= most);
    return seen.isEmpty() ? Optional.empty() : Optional.of(whole(exchange, seen.get()));
  }

  /** How a result is rendered may be said by the task's input, which is read where that matters. */
  private Whole whole(Exchange exchange, Glance seen) throws InterruptedException {
    TaskId id = seen.task().id();
    TaskOutput.Format format = seen.format();
    boolean plain = format == null || format == TaskOutput.Format.JSON;
    if (plain && !seen.without()) {
      return new Whole(seen.task(), Form.JSON);
    }
    // Twice: whoever brings it has a copy of his own for a moment.
    long held = 2 * seen.resultBytes() + (plain ? 0 : seen.inputBytes());
    exchange.hold(held);
    Whole whole;
    if (plain) {
      whole = new Whole(still(bus.ask(new FindTasks(Set.of(id)), LIMIT).get(id)), Form.JSON);
    } else {
      Task found = still(bus.ask(new FindTask(id), LIMIT).orElse(null));
      TaskType type = types.find(found.spec().lane().type()).orElseThrow();
      whole = new Whole(found.brief().withOutput(found.output()), type.form(found.spec().input()));
    }
    exchange.letGo(held - seen.resultBytes());
    return whole;
  }

  private static Task still(@Nullable Task task) {
    if (task == null) {
      throw new Refusal(ApiError.noSuchTask()); // it has gone meanwhile
    }
    return task;
  }
}
