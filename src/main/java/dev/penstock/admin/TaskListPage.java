package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.bus.Request.ListTasks;
import dev.penstock.core.TaskPage;
import dev.penstock.task.Lane;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.util.List;
import java.util.function.Supplier;

/** All tasks, newest first, a page at a time. */
final class TaskListPage {
  private static final int ROWS = 25;

  private final PageContext desk;
  private final Supplier<List<Lane>> lanes;

  TaskListPage(PageContext desk, Supplier<List<Lane>> lanes) {
    this.desk = desk;
    this.lanes = lanes;
  }

  List<Route> routes() {
    return List.of(get(TaskQuery.PATH, SESSION, desk.guarded(this::page)));
  }

  private Reply page(Exchange exchange) throws InterruptedException {
    Form form = Form.of(exchange.query());
    return desk.asked(
        TaskQuery.of(form, TaskQuery.LIST), query -> page(exchange, query, SweepPage.notice(form)));
  }

  private Reply page(Exchange exchange, TaskQuery query, String notice)
      throws InterruptedException {
    TaskPage tasks = desk.ask(new ListTasks(query.filter(), query.after(), ROWS));
    TaskList list = TaskList.of(query, tasks, lanes.get(), desk.now());
    return desk.page(
        exchange,
        new Layout("Tasks", TaskQuery.PATH),
        desk.templates.rows(list),
        desk.templates.tasks(list, notice));
  }
}
