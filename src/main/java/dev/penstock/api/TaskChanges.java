package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.CancelTasks;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.bus.Request.DeleteTasks;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.RetryTasks;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.RetryResult;
import dev.penstock.core.TaskFilter;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/** Cancelling tasks, running them again and deleting them: one, or all that a filter means. */
final class TaskChanges {
  /** Thousands may have to be changed. */
  private static final Duration SWEEP_LIMIT = Duration.ofSeconds(60);

  private final Bus bus;
  private final OwnTasks own;
  private final TaskFilters filters;
  private final SearchTurns turns;

  TaskChanges(Bus bus, OwnTasks own, TaskFilters filters, SearchTurns turns) {
    this.bus = bus;
    this.own = own;
    this.filters = filters;
    this.turns = turns;
  }

  /** Cancelling what is cancelled already is fine: the first answer may have been lost. */
  Reply cancel(Exchange exchange) throws InterruptedException {
    Task task = own.find(exchange);
    return switch (bus.ask(new CancelTask(task.id()), OwnTasks.LIMIT)) {
      case CancelResult.Now(var now, _) -> reply(now);
      case CancelResult.Ended(var now) -> {
        if (now.state() != TaskState.CANCELLED) {
          throw wrongState(
              now, "task_ended", "The task is " + now.state().json() + ": it has ended already.");
        }
        yield reply(now);
      }
      case CancelResult.Unknown() -> throw new Refusal(ApiError.noSuchTask());
    };
  }

  Reply retry(Exchange exchange) throws InterruptedException {
    Task task = own.find(exchange);
    Instant startBefore = null;
    if (exchange.body().length > 0) {
      Fields fields = Fields.of(StrictJson.parse(exchange.body()));
      fields.only(Set.of(StartBefore.FIELD));
      startBefore = StartBefore.of(fields);
    }
    return switch (bus.ask(new RetryTask(task.id(), startBefore), OwnTasks.LIMIT)) {
      case RetryResult.Now(var now) -> reply(now);
      case RetryResult.Otherwise(var now) ->
          throw wrongState(
              now,
              "task_not_failed",
              "The task is "
                  + now.state().json()
                  + ": only failed and cancelled tasks can be run again.");
      case RetryResult.NeedsStart() ->
          throw wrongState(
              task,
              "expired",
              "The task had not begun by its start_before: say a new one to run it again.");
      case RetryResult.ChildrenGone() ->
          throw wrongState(
              task,
              "children_gone",
              "Tasks that this one has made are gone, and it cannot go on without them.");
      case RetryResult.InputGone() ->
          throw wrongState(
              task,
              "input_gone",
              "The task was cancelled, and its input has left a full store: submit it anew.");
      case RetryResult.ParentEnded(var parent) ->
          throw wrongState(
              task,
              "parent_ended",
              "The task was made by " + parent + ", which has ended: run that one again.");
      case RetryResult.Unknown() -> throw new Refusal(ApiError.noSuchTask());
    };
  }

  Reply delete(Exchange exchange) throws InterruptedException {
    Task task = own.find(exchange);
    return switch (bus.ask(new DeleteTask(task.id()), OwnTasks.LIMIT)) {
      case DeleteResult.Now() -> deleted(task.id());
      case DeleteResult.Live(var now) ->
          throw wrongState(
              now, "task_not_ended", "The task is " + now.state().json() + ": cancel it first.");
      case DeleteResult.Needed(var parent) ->
          throw wrongState(
              task,
              "task_needed",
              parent == null
                  ? "The tasks that this one has made are being cancelled: try again in a moment."
                  : "The task was made by "
                      + parent
                      + ", which has not ended and may still read its result.");
      case DeleteResult.Unknown() -> throw new Refusal(ApiError.noSuchTask());
    };
  }

  private static Reply deleted(TaskId id) {
    return Reply.object(
            200,
            json -> {
              json.writeStringField("id", id.value());
              json.writeStringField("object", "task.deleted");
              json.writeBooleanField("deleted", true);
            })
        .with("X-Task-Id", id.value());
  }

  private static Refusal wrongState(Task task, String code, String message) {
    return new Refusal(ApiError.http(409, code, message), task.id());
  }

  private static Reply reply(Task task) {
    return Reply.json(200, json -> TaskJson.writeBrief(json, task))
        .with("X-Task-Id", task.id().value());
  }

  Reply cancelAll(Exchange exchange) throws InterruptedException {
    TaskFilter filter = filter(exchange);
    return swept("tasks.cancelled", filter, new CancelTasks(filter));
  }

  Reply retryAll(Exchange exchange) throws InterruptedException {
    JsonNode body = StrictJson.parse(exchange.body());
    Instant startBefore = null;
    if (body instanceof ObjectNode object) {
      startBefore = StartBefore.of(Fields.of(object));
      object.remove(StartBefore.FIELD);
    }
    TaskFilter filter = filters.of(body, exchange.caller().owner());
    return swept("tasks.retried", filter, new RetryTasks(filter, startBefore));
  }

  Reply deleteAll(Exchange exchange) throws InterruptedException {
    TaskFilter filter = filter(exchange);
    return swept("tasks.deleted", filter, new DeleteTasks(filter));
  }

  private Reply swept(String what, TaskFilter filter, Request<Swept> change)
      throws InterruptedException {
    return swept(what, turns.ask(filter, () -> bus.ask(change, SWEEP_LIMIT)));
  }

  private TaskFilter filter(Exchange exchange) {
    return filters.of(StrictJson.parse(exchange.body()), exchange.caller().owner());
  }

  /** How many tasks were changed, and whether to ask again. */
  static Reply swept(String what, Swept swept) {
    return Reply.object(
        200,
        json -> {
          json.writeStringField("object", what);
          json.writeNumberField("count", swept.tasks());
          json.writeBooleanField("has_more", swept.more());
          if (swept.cut()) {
            json.writeBooleanField("search_limited", true);
          }
        });
  }
}
