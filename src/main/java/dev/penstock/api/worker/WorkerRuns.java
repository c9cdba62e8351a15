package dev.penstock.api.worker;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.OwnTasks;
import dev.penstock.api.worker.WorkerRequests.Hold;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.WorkerLeft;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.core.HeldLease;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/worker/extend} and {@code /settle}: what a remote worker says of its runs. */
public final class WorkerRuns {
  private static final Set<String> SETTLE =
      Set.of("worker", "id", "token", "outcome", "result", "error", "delay_seconds");
  private static final Set<String> ERROR = Set.of("code", "message");
  private static final int MAX_WORD = 100;
  private static final int MAX_ERROR = 20_000;
  private static final double MAX_DELAY = Outcome.Postpone.MOST.toSeconds();
  private static final long MILLIS = 1_000;

  private final Bus bus;
  private final WorkerRequests requests;
  private final RemoteWorkers workers;
  private final WorkerResults results;
  private final Duration lease;

  public WorkerRuns(
      Bus bus,
      WorkerRequests requests,
      RemoteWorkers workers,
      WorkerResults results,
      Duration lease) {
    this.bus = bus;
    this.requests = requests;
    this.workers = workers;
    this.results = results;
    this.lease = lease;
  }

  public Reply extend(Exchange exchange) throws InterruptedException {
    Hold hold = requests.hold(StrictJson.parse(exchange.body()));
    Instant stopping = hold.stopping();
    if (stopping != null && hold.stopped()) {
      workers.left(hold.worker(), stopping);
      bus.tellAll(new WorkerLeft(hold.worker(), stopping));
    } else {
      if (stopping != null) {
        // Its polls are held by any node.
        workers.drain(hold.worker(), stopping);
        bus.tellAll(new DrainWorker(hold.worker(), stopping));
      }
      workers.seen(hold);
    }
    // From before the store is asked: never later than what it grants.
    Instant until = Instant.now().plus(lease);
    Set<TaskId> lost =
        hold.held().isEmpty()
            ? Set.of()
            : bus.ask(new ExtendLeases(hold.worker(), hold.held()), OwnTasks.LIMIT).lost();
    Map<TaskId, Task> ended =
        lost.isEmpty() ? Map.of() : bus.ask(new FindTasks(lost), OwnTasks.LIMIT);
    boolean drain = workers.draining(hold);
    return Reply.json(
        200,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("leases");
          for (HeldLease held : hold.held()) {
            json.writeStartObject();
            json.writeStringField("id", held.id().value());
            if (lost.contains(held.id())) {
              @Nullable Task task = ended.get(held.id());
              boolean cancelled = task != null && task.state() == TaskState.CANCELLED;
              json.writeStringField("status", cancelled ? "cancelled" : "lost");
            } else {
              json.writeStringField("status", "held");
              WorkerJson.time(json, "expires_at", until);
            }
            json.writeEndObject();
          }
          json.writeEndArray();
          WorkerJson.writeTerms(json, lease, drain);
          json.writeEndObject();
        });
  }

  public Reply settle(Exchange exchange) throws InterruptedException {
    StrictJson.Apart body = StrictJson.apart(exchange.body(), "result");
    Fields fields = Fields.of(StrictJson.parse(body.rest()));
    fields.only(SETTLE);
    TaskId id = WorkerRequests.id(fields);
    String token = WorkerRequests.token(fields);
    String word = fields.text("outcome", MAX_WORD);
    Outcome outcome =
        switch (word) {
          case "done" -> {
            Optional<Task> task = bus.ask(new FindTask(id), OwnTasks.LIMIT);
            yield new Outcome.Done(
                results.of(fields, body.member(), task.orElseThrow(() -> stale(id))));
          }
          case "retry" -> new Outcome.Retry(error(fields, Code.HANDLER_FAILED));
          case "reject" -> new Outcome.Reject(error(fields, Code.INVALID_INPUT));
          case "postpone" -> new Outcome.Postpone(delay(fields));
          case null, default ->
              throw fields.bad("outcome", "must be 'done', 'retry', 'reject' or 'postpone'");
        };
    SettleReply answer =
        bus.ask(new SettleTasks(List.of(new SettleTask(id, null, token, outcome))), OwnTasks.LIMIT)
            .getFirst();
    if (answer == SettleReply.STALE) {
      throw stale(id);
    }
    return Reply.json(
            200,
            json -> {
              json.writeStartObject();
              json.writeStringField("id", id.value());
              json.writeStringField(
                  "status", answer == SettleReply.REPEATED ? "repeated" : "settled");
              json.writeEndObject();
            })
        .with("X-Task-Id", id.value());
  }

  private static Refusal stale(TaskId id) {
    return new Refusal(
        ApiError.http(
                409,
                "lease_stale",
                "The lease is not the task's current one: it lapsed, or the task was cancelled or is"
                    + " no more. Nothing was changed.")
            .withParam("token"),
        id);
  }

  private static TaskError error(Fields fields, Code standard) {
    JsonNode value = fields.value("error");
    if (value == null || !value.isObject()) {
      throw fields.bad("error", "must be an object with a message");
    }
    var error = new Fields(value, "error.");
    error.only(ERROR);
    String message = error.text("message", MAX_ERROR);
    if (message == null) {
      throw error.bad("message", "is missing");
    }
    String word = error.text("code", MAX_WORD);
    Code code =
        word == null
            ? standard
            : Arrays.stream(Code.values())
                .filter(each -> each.ofRuns() && each.json().equals(word))
                .findFirst()
                .orElseThrow(() ->
                    error.bad(
                        "code",
                        "must be one of "
                            + Arrays.stream(Code.values())
                                .filter(Code::ofRuns)
                                .map(Code::json)
                                .sorted()
                                .collect(Collectors.joining(", "))));
    return new TaskError(code, message);
  }

  private static Duration delay(Fields fields) {
    Double seconds = fields.number("delay_seconds", 0, MAX_DELAY);
    return seconds == null ? Duration.ZERO : Duration.ofMillis(Math.round(seconds * MILLIS));
  }
}
