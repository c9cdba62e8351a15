package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.bus.Request.FindSteps;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.bus.Request.ListTasks;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Glance;
import dev.penstock.core.RetryResult;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One task: how it stands, what it went through, what went in and what came out. */
final class OneTaskPage {
  private static final String PATH = TaskQuery.PATH + "/{id}";

  private final PageContext desk;
  private final TaskTypes types;

  OneTaskPage(PageContext desk, TaskTypes types) {
    this.desk = desk;
    this.types = types;
  }

  List<Route> routes() {
    return List.of(
        get(PATH, SESSION, desk.guarded(this::page)),
        get(PATH + "/input", SESSION, desk.guarded(this::input)),
        desk.form(PATH + "/cancel", this::cancel),
        desk.form(PATH + "/retry", this::retry),
        desk.form(PATH + "/delete", this::delete));
  }

  private static Optional<TaskId> id(Exchange exchange) {
    return TaskId.parse(exchange.parameter("id"));
  }

  /** The task whole, once there is room for it; empty: there is none of this id. */
  private Optional<Task> find(Exchange exchange) throws InterruptedException {
    Optional<TaskId> id = id(exchange);
    @Nullable Glance seen =
        id.isEmpty() ? null : desk.ask(new GlanceAtTasks(Set.of(id.get()))).get(id.get());
    if (seen == null) {
      return Optional.empty();
    }
    exchange.hold(seen.inputBytes() + seen.resultBytes());
    return desk.ask(new FindTask(seen.task().id()));
  }

  private Reply unknown() {
    return desk.message(
        404,
        "No such task",
        "There is no task with this id. Ended tasks are kept for a while only.");
  }

  private Reply page(Exchange exchange) throws InterruptedException {
    return page(exchange, "");
  }

  /**
   * The page as the task stands now.
   *
   * @param refused why what was asked for was not done; empty: nothing was refused
   */
  private Reply page(Exchange exchange, String refused) throws InterruptedException {
    Optional<Task> found = find(exchange);
    if (found.isEmpty()) {
      return unknown();
    }
    Task task = found.get();
    var children = new ListTasks(TaskQuery.childrenOf(task.id()).filter(), null, 1);
    TaskView view =
        TaskView.of(
            task,
            types,
            desk.ask(new FindSteps(task.id())),
            !desk.ask(children).tasks().isEmpty(),
            desk.now(),
            refused);
    exchange.letGo(); // the view has the beginnings alone
    return desk.page(
        exchange,
        new Layout("Task " + view.row().shortId(), TaskQuery.PATH),
        desk.templates.taskLive(view),
        desk.templates.task(view));
  }

  private Reply input(Exchange exchange) throws InterruptedException {
    return find(exchange)
        .map(task ->
            Reply.of(200, "application/json", task.spec().input())
                .with("Cache-Control", "no-store")
                .with(
                    "Content-Disposition", "attachment; filename=\"" + task.id() + "-input.json\""))
        .orElseGet(this::unknown);
  }

  private Reply cancel(Exchange exchange) throws InterruptedException {
    Optional<TaskId> id = id(exchange);
    if (id.isEmpty()) {
      return unknown();
    }
    switch (desk.ask(new CancelTask(id.get()))) {
      case CancelResult.Now _ -> desk.did(exchange, "cancelled task " + id.get());
      case CancelResult.Ended _,
          CancelResult.Unknown _ -> {} // the page they are led to shows how it is
    }
    return PageContext.goTo(TaskQuery.PATH + "/" + id.get());
  }

  private Reply retry(Exchange exchange) throws InterruptedException {
    Optional<TaskId> id = id(exchange);
    if (id.isEmpty()) {
      return unknown();
    }
    return switch (desk.ask(new RetryTask(id.get()))) {
      case RetryResult.Now _ -> {
        desk.did(exchange, "retried task " + id.get());
        yield PageContext.goTo(TaskQuery.PATH + "/" + id.get());
      }
      case RetryResult.Otherwise _, RetryResult.Unknown _ -> page(exchange);
      case RetryResult.NeedsStart() ->
          page(
              exchange,
              "It had not begun by the time it was to. Over the API it can be retried with a new"
                  + " start_before.");
      case RetryResult.InputGone() ->
          page(exchange, "It cannot run again: its input made room for other work.");
      case RetryResult.ChildrenGone() ->
          page(exchange, "It cannot go on: tasks that it has made, and may need, are gone.");
      case RetryResult.ParentEnded _ ->
          page(exchange, "It was made by a task that has ended: retry that one, and it follows.");
    };
  }

  private Reply delete(Exchange exchange) throws InterruptedException {
    Optional<TaskId> id = id(exchange);
    if (id.isEmpty()) {
      return unknown();
    }
    return switch (desk.ask(new DeleteTask(id.get()))) {
      case DeleteResult.Now() -> {
        desk.did(exchange, "deleted task " + id.get());
        yield PageContext.goTo(TaskQuery.PATH + "?deleted=1");
      }
      case DeleteResult.Needed(var parent) ->
          desk.message(
              409,
              "Needed still",
              parent == null
                  ? "The tasks that it has made are being cancelled. Try again in a moment."
                  : "It was made by a task that has not ended and may still read its result.");
      case DeleteResult.Live _, DeleteResult.Unknown _ ->
          PageContext.goTo(TaskQuery.PATH + "/" + id.get());
    };
  }
}
