package dev.penstock.api;

import dev.penstock.api.OwnTasks.Whole;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindSteps;
import dev.penstock.bus.Request.ListTasks;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType.Form;
import dev.penstock.web.Answer;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.LongReply;
import dev.penstock.web.Query;
import dev.penstock.web.Refusal;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/tasks}, one of them, and its result. */
final class TasksResource {
  private static final Set<String> PARAMETERS =
      Set.of("status", "type", "model", "q", "parent", "limit", "after");
  private static final int MOST = 100;
  private static final int STANDARD = 20;
  private static final int ID_LENGTH = 36;

  private final Bus bus;
  private final OwnTasks own;
  private final TaskFilters filters;
  private final SearchTurns turns;

  TasksResource(Bus bus, OwnTasks own, TaskFilters filters, SearchTurns turns) {
    this.bus = bus;
    this.own = own;
    this.filters = filters;
    this.turns = turns;
  }

  Answer list(Exchange exchange) throws InterruptedException {
    Query query = Query.of(exchange).only(PARAMETERS);
    String owner = exchange.caller().owner();
    TaskId parent = parent(query, owner);
    TaskFilter filter = filters.of(query, owner, parent);
    int limit = query.whole("limit", 1, MOST, STANDARD);
    TaskId after = id(query, "after");
    var list = new ListTasks(filter, after, limit);
    TaskPage page = turns.ask(filter, () -> bus.ask(list, OwnTasks.LIMIT));
    exchange.hold(bytes(page));
    return LongReply.object(
        200,
        json -> {
          json.writeStringField("object", "list");
          json.writeArrayFieldStart("data");
          for (Task task : page.tasks()) {
            TaskJson.writeBrief(json, task);
          }
          json.writeEndArray();
          json.writeBooleanField("has_more", page.more());
          if (page.cut()) {
            json.writeBooleanField("search_limited", true);
          }
        });
  }

  /** Metadata is what may be long of a task in a list. */
  private static long bytes(TaskPage page) {
    return page.tasks().stream().mapToLong(task -> TaskJson.bytes(task.spec().metadata())).sum();
  }

  /** Its task may be gone by now: an id says where that stood. */
  private static @Nullable TaskId id(Query query, String name) {
    String id = query.text(name, ID_LENGTH);
    return id == null
        ? null
        : TaskId.parse(id).orElseThrow(() -> Query.bad(name, "must be the id of a task"));
  }

  /** Of a task that is no more nobody would say whether it had children. */
  private @Nullable TaskId parent(Query query, String owner) throws InterruptedException {
    TaskId id = id(query, "parent");
    if (id != null && !own.has(id.value(), owner)) {
      throw new Refusal(ApiError.noSuchTask().withParam("parent"));
    }
    return id;
  }

  Answer get(Exchange exchange) throws InterruptedException {
    Whole whole = own.whole(exchange);
    List<Step> steps = steps(whole.task());
    return TaskJson.reply(200, whole.task(), whole.form(), steps);
  }

  /** What is polled most, a task that nothing has happened to yet, has none to look for. */
  private List<Step> steps(Task task) throws InterruptedException {
    boolean untouched =
        task.attempts() == 0 && task.lost() == 0 && task.error() == null && !task.state().ended();
    return untouched ? List.of() : bus.ask(new FindSteps(task.id()), OwnTasks.LIMIT);
  }

  Answer result(Exchange exchange) throws InterruptedException {
    Whole whole = own.whole(exchange);
    Task task = whole.task();
    return switch (task.state()) {
      case PENDING, PROCESSING -> throw new Refusal(notReady(task), task.id());
      case FAILED -> throw new Refusal(failed(task), task.id());
      case CANCELLED -> throw new Refusal(TaskJson.failure(task), task.id());
      case COMPLETED -> {
        TaskOutput output = task.output();
        if (output == null) {
          throw new IllegalStateException("task " + task.id() + " is completed without a result");
        }
        Form form = whole.form();
        yield LongReply.json(200, json -> TaskJson.writeResult(json, task, output, form))
            .with("X-Task-Id", task.id().value())
            .with(form.headers(output));
      }
    };
  }

  static ApiError notReady(Task task) {
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
}
