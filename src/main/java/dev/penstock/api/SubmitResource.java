package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.Submitter.Submitted;
import dev.penstock.api.TaskRequests.NewTask;
import dev.penstock.bus.Request.Submission;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.StrictJson;
import dev.penstock.security.Caller;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.types.TaskType.Form;
import dev.penstock.web.Answer;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.LongReply;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/tasks}: a task, or a list of tasks. */
final class SubmitResource {
  static final int MAX_LIST = 1_000;

  /** About what a task in the answer to a list takes, its metadata apart. */
  private static final int BYTES_OF_ONE = 512;

  private final TaskRequests requests;
  private final Submitter submitter;
  private final String node;

  SubmitResource(TaskRequests requests, Submitter submitter, String node) {
    this.requests = requests;
    this.submitter = submitter;
    this.node = node;
  }

  Answer create(Exchange exchange) throws InterruptedException {
    IdempotencyKey key = IdempotencyKey.of(exchange);
    List<byte[]> list = StrictJson.list(exchange.body(), MAX_LIST);
    if (list != null) {
      return createList(exchange, list, key);
    }
    NewTask task = read(exchange, key);
    exchange.bodyIsRead();
    exchange.about(task.spec().id());
    Patience patience = task.patience();
    Duration hold = patience == null ? Duration.ZERO : patience.hold();
    Submitted submitted = submitter.submit(task.spec(), hold, exchange, false);
    LongReply reply;
    if (submitted.ended().isPresent()) {
      Task ended = withResult(exchange, submitted.ended().get());
      String hint = submitted.earlier().isPresent() ? IdempotencyKey.hint(ended) : null;
      reply = TaskJson.reply(200, ended, task.form(), List.of(), hint);
    } else {
      Task now = hold.isPositive() ? submitter.find(submitted.id()) : null;
      Task known =
          now != null ? now : submitted.earlier().orElseGet(() -> pending(task.spec(), submitted));
      reply =
          reply(202, withResult(exchange, known), task.form())
              .with("Location", "/v1/tasks/" + submitted.id());
    }
    reply = reply.with(task.warnings());
    return submitted.earlier().isPresent() ? reply.with(IdempotencyKey.REPLAYED, "true") : reply;
  }

  /** The tree is gone when somebody waits for the task. */
  private NewTask read(Exchange exchange, @Nullable IdempotencyKey key) {
    JsonNode body = StrictJson.parse(exchange.body());
    if (!body.isObject()) {
      throw Refusal.invalid(null, "The body must be a task, or a list of tasks.");
    }
    return requests.read(body, exchange.caller(), Priority.TASK, key, node);
  }

  /** Where there is no room for the result now, its client learns where it is. */
  private Task withResult(Exchange exchange, Task task) throws InterruptedException {
    try {
      return submitter.withResult(exchange, task);
    } catch (Refusal refusal) {
      throw refusal.error().status() == 503 ? new Refusal(refusal.error(), task.id()) : refusal;
    }
  }

  private static LongReply reply(int status, Task task, Form form) {
    return TaskJson.reply(status, task, form, List.of());
  }

  private static Task pending(TaskSpec spec, Submitted submitted) {
    return pending(spec, submitted.createdAt().orElseGet(spec::submittedAt));
  }

  /** The task as it was when it was submitted. */
  private static Task pending(TaskSpec spec, Instant created) {
    return new Task(spec, TaskState.PENDING, 0, 0, null, created, null, null, null, null, null);
  }

  /**
   * Each task of a list is accepted or refused on its own. When none was accepted, the reply is the
   * first refusal's error, with all of them beside it.
   */
  private Reply createList(Exchange exchange, List<byte[]> body, @Nullable IdempotencyKey key)
      throws InterruptedException {
    if (body.isEmpty() || body.size() > MAX_LIST) {
      throw Refusal.invalid(null, "A list must have 1 to " + MAX_LIST + " tasks.");
    }
    Caller caller = exchange.caller();
    var entries = new ArrayList<Entry>(body.size());
    for (int i = 0; i < body.size(); i++) {
      entries.add(read(body.get(i), i, caller, key == null ? null : key.item(i)));
    }
    var specs = new ArrayList<TaskSpec>();
    for (Entry entry : entries) {
      if (entry instanceof Entry.Wanted(var spec)) {
        specs.add(spec);
      }
    }
    exchange.hold(bytes(specs)); // while they can still be refused
    List<Submission> submissions = specs.isEmpty() ? List.of() : submitter.submit(specs);
    var answers = submissions.iterator();
    entries.replaceAll(
        entry -> entry instanceof Entry.Wanted(var spec) ? answered(spec, answers.next()) : entry);
    return list(entries);
  }

  /** About what an answer takes that tells of each. */
  private static long bytes(List<TaskSpec> specs) {
    return (long) BYTES_OF_ONE * specs.size()
        + specs.stream().mapToLong(spec -> TaskJson.bytes(spec.metadata())).sum();
  }

  private Entry read(byte[] json, int index, Caller caller, @Nullable IdempotencyKey key) {
    JsonNode each;
    try {
      each = StrictJson.parse(json);
    } catch (InvalidInput invalid) {
      String place = "[" + index + "]";
      return new Entry.Refused(
          ApiError.invalid(place, "Of the task " + place + " alone: " + invalid.message()));
    }
    if (!each.isObject()) {
      return new Entry.Refused(
          ApiError.invalid(null, "Each task of a list must be a JSON object."));
    }
    try {
      NewTask task = requests.read(each, caller, Priority.BULK, key, node);
      return task.patience() == null
          ? new Entry.Wanted(task.spec())
          : new Entry.Refused(
              ApiError.invalid(Patience.FIELD, "The tasks of a list cannot be waited for."));
    } catch (Refusal refusal) {
      return new Entry.Refused(refusal.error());
    } catch (InvalidInput invalid) {
      return new Entry.Refused(ApiError.of(invalid));
    }
  }

  private static Entry answered(TaskSpec spec, Submission submission) {
    return switch (submission) {
      case Submission.Accepted(Instant created) -> new Entry.Kept(pending(spec, created), false);
      case Submission.Earlier(var task) -> new Entry.Kept(task, true);
      case Submission.Refused(var error) -> new Entry.Refused(ApiError.of(error));
    };
  }

  private static Reply list(List<Entry> entries) {
    var kept = new ArrayList<Entry.Kept>();
    for (Entry entry : entries) {
      if (entry instanceof Entry.Kept one) {
        kept.add(one);
      }
    }
    Optional<ApiError> first =
        kept.isEmpty() && entries.getFirst() instanceof Entry.Refused(var error)
            ? Optional.of(error)
            : Optional.empty();
    Reply reply =
        Reply.object(
            first.map(ApiError::status).orElse(202),
            json -> {
              json.writeStringField("object", "list");
              if (first.isPresent()) {
                Reply.writeError(json, first.get());
              }
              json.writeArrayFieldStart("data");
              for (int i = 0; i < entries.size(); i++) {
                switch (entries.get(i)) {
                  case Entry.Wanted(var spec) ->
                      TaskJson.writeBrief(json, pending(spec, spec.submittedAt()));
                  case Entry.Kept(var task, var earlier) ->
                      TaskJson.writeBrief(json, task, earlier ? IdempotencyKey.hint(task) : null);
                  case Entry.Refused(var error) -> {
                    json.writeStartObject();
                    json.writeNumberField("index", i);
                    Reply.writeError(json, error);
                    json.writeEndObject();
                  }
                }
              }
              json.writeEndArray();
            });
    if (first.isPresent()) {
      return reply.with(first.get());
    }
    return kept.stream().allMatch(Entry.Kept::earlier)
        ? reply.with(IdempotencyKey.REPLAYED, "true")
        : reply;
  }

  /** One task of a list. */
  private sealed interface Entry {
    record Wanted(TaskSpec spec) implements Entry {}

    /**
     * @param earlier it was there before
     */
    record Kept(Task task, boolean earlier) implements Entry {}

    record Refused(ApiError error) implements Entry {}
  }
}
