package dev.penstock.api;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.FindTasks;
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

  /** The task of the path's {@code {id}}, without its input, which may be large. */
  Task find(Exchange exchange) throws InterruptedException {
    return find(exchange, "id");
  }

  Task find(Exchange exchange, String parameter) throws InterruptedException {
    TaskId.parse(exchange.parameter(parameter)).ifPresent(exchange::about);
    return find(exchange.parameter(parameter), exchange.caller().owner())
        .orElseThrow(() -> new Refusal(ApiError.noSuchTask().withParam(parameter)));
  }

  Optional<Task> find(String id, String owner) throws InterruptedException {
    Optional<TaskId> known = TaskId.parse(id);
    if (known.isEmpty()) {
      return Optional.empty();
    }
    @Nullable Task task = bus.ask(new FindTasks(Set.of(known.get())), LIMIT).get(known.get());
    return Optional.ofNullable(task).filter(found -> found.spec().owner().equals(owner));
  }

  /** How a task's result is rendered. Its input says so, and is read where that matters. */
  Form form(Task task) throws InterruptedException {
    TaskOutput output = task.output();
    if (output == null || output.format() == TaskOutput.Format.JSON) {
      return Form.JSON;
    }
    TaskType type = types.find(task.spec().lane().type()).orElseThrow();
    byte[] input =
        bus.ask(new FindTask(task.id()), LIMIT)
            .map(whole -> whole.spec().input())
            .orElseThrow(() -> new Refusal(ApiError.noSuchTask())); // it has gone meanwhile
    return type.form(input);
  }
}
