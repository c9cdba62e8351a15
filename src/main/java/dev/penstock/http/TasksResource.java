package dev.penstock.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.Submission;
import dev.penstock.http.EmbeddingInput.Encoding;
import dev.penstock.http.EmbeddingInput.Form;
import dev.penstock.http.TaskRequests.NewTask;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code /v1/tasks}: submit tasks, look at them, fetch their results. */
final class TasksResource {
  static final int MAX_LIST = 1_000;
  private static final Duration FIND_LIMIT = Duration.ofSeconds(10);

  private final Bus bus;
  private final TaskRequests requests;
  private final Submitter submitter;
  private final Waiters waiters;
  private final String node;

  TasksResource(Bus bus, TaskRequests requests, Submitter submitter, Waiters waiters, String node) {
    this.bus = bus;
    this.requests = requests;
    this.submitter = submitter;
    this.waiters = waiters;
    this.node = node;
  }

  Reply create(Exchange exchange) throws InterruptedException {
    JsonNode body = Json.parse(exchange.body());
    if (body.isArray()) {
      return createList(exchange, body);
    }
    if (!body.isObject()) {
      throw Refusal.invalid(null, "The body must be a task, or a list of tasks.");
    }
    NewTask task = requests.read(body, exchange.caller().owner(), Priority.TASK, node);
    Patience patience = task.patience();
    if (patience == null || !patience.hold().isPositive()) {
      submitter.submit(task.spec());
      return accepted(task, pending(task.spec()));
    }
    Optional<Task> ended;
    try (var waiter = waiters.register(task.spec().id(), exchange)) {
      submitter.submit(task.spec());
      ended = waiter.await(patience.hold());
    }
    return ended
        .map(end -> reply(200, end, task.form()))
        .orElseGet(() -> accepted(task, pending(task.spec())));
  }

  private static Reply accepted(NewTask task, Task now) {
    return reply(202, now, task.form()).with("Location", "/v1/tasks/" + now.id());
  }

  private static Reply reply(int status, Task task, Form form) {
    return Reply.json(status, json -> TaskJson.write(json, task, form))
        .with("X-Task-Id", task.id().value());
  }

  /** The task as it was when it was submitted. */
  private static Task pending(TaskSpec spec) {
    return new Task(
        spec, TaskState.PENDING, 0, 0, null, Instant.now(), null, null, null, null, null);
  }

  /**
   * Each task of a list is accepted or refused on its own. When none was accepted, the reply is the
   * first refusal's error, with all of them beside it.
   */
  private Reply createList(Exchange exchange, JsonNode body) throws InterruptedException {
    if (body.isEmpty() || body.size() > MAX_LIST) {
      throw Refusal.invalid(null, "A list must have 1 to " + MAX_LIST + " tasks.");
    }
    var entries = new ArrayList<Entry>(body.size());
    for (JsonNode each : body) {
      entries.add(read(each, exchange.caller().owner()));
    }
    var specs = new ArrayList<TaskSpec>();
    for (Entry entry : entries) {
      if (entry instanceof Entry.Wanted(var task)) {
        specs.add(task.spec());
      }
    }
    List<Submission> submissions = specs.isEmpty() ? List.of() : submitter.submit(specs);
    var answers = submissions.iterator();
    entries.replaceAll(entry ->
        entry instanceof Entry.Wanted && answers.next() instanceof Submission.Refused(var e)
            ? new Entry.Refused(ApiError.of(e))
            : entry);
    return list(entries);
  }

  private Entry read(JsonNode each, String owner) {
    try {
      NewTask task = requests.read(each, owner, Priority.BULK, node);
      return task.patience() == null
          ? new Entry.Wanted(task)
          : new Entry.Refused(
              ApiError.invalid(Patience.FIELD, "The tasks of a list cannot be waited for."));
    } catch (Refusal refusal) {
      return new Entry.Refused(refusal.error());
    }
  }

  private static Reply list(List<Entry> entries) {
    boolean none = entries.stream().noneMatch(Entry.Wanted.class::isInstance);
    Optional<ApiError> first =
        none && entries.getFirst() instanceof Entry.Refused(var error)
            ? Optional.of(error)
            : Optional.empty();
    Reply reply =
        Reply.json(
            first.map(ApiError::status).orElse(202),
            json -> {
              json.writeStartObject();
              json.writeStringField("object", "list");
              if (first.isPresent()) {
                Reply.writeError(json, first.get());
              }
              json.writeArrayFieldStart("data");
              for (Entry entry : entries) {
                switch (entry) {
                  case Entry.Wanted(var task) ->
                      TaskJson.write(json, pending(task.spec()), task.form());
                  case Entry.Refused(var error) -> {
                    json.writeStartObject();
                    Reply.writeError(json, error);
                    json.writeEndObject();
                  }
                }
              }
              json.writeEndArray();
              json.writeEndObject();
            });
    return first.map(reply::with).orElse(reply);
  }

  /** One task of a list. */
  private sealed interface Entry {
    record Wanted(NewTask task) implements Entry {}

    record Refused(ApiError error) implements Entry {}
  }

  Reply get(Exchange exchange) throws InterruptedException {
    Task task = find(exchange);
    return reply(200, task, form(task));
  }

  Reply result(Exchange exchange) throws InterruptedException {
    Task task = find(exchange);
    return switch (task.state()) {
      case PENDING, PROCESSING -> throw new Refusal(notReady(task), task.id());
      case FAILED -> throw new Refusal(failed(task), task.id());
      case CANCELLED -> throw new Refusal(EmbeddingsResource.failure(task), task.id());
      case COMPLETED -> {
        TaskOutput output = task.output();
        if (output == null) {
          throw new IllegalStateException("task " + task.id() + " is completed without a result");
        }
        yield Reply.json(200, json -> TaskJson.writeResult(json, task, output, form(task)))
            .with("X-Task-Id", task.id().value());
      }
    };
  }

  private static ApiError notReady(Task task) {
    return new ApiError(
        409,
        ApiError.INVALID_REQUEST,
        null,
        "task_pending",
        "The task is " + task.state().json() + ": it has no result yet.",
        ApiError.Again.SOON);
  }

  private static ApiError failed(Task task) {
    TaskError error = task.error();
    return ApiError.http(
        409,
        "task_failed",
        error == null ? "The task failed." : error.code().json() + ": " + error.message());
  }

  /** Another owner's task is as unknown as one that never was. */
  private Task find(Exchange exchange) throws InterruptedException {
    Optional<TaskId> id = TaskId.parse(exchange.parameter("id"));
    Optional<Task> task =
        id.isEmpty() ? Optional.empty() : bus.ask(new FindTask(id.get()), FIND_LIMIT);
    return task.filter(found -> found.spec().owner().equals(exchange.caller().owner()))
        .orElseThrow(() -> new Refusal(ApiError.noSuchTask()));
  }

  private static Form form(Task task) {
    return task.output() != null && task.output().format() == TaskOutput.Format.EMBEDDINGS
        ? EmbeddingInput.formOf(task.spec().input())
        : new Form(null, Encoding.FLOAT);
  }
}
