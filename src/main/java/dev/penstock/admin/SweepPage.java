package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.base.Visible;
import dev.penstock.bus.Request;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.bus.Request.ListTasks;
import dev.penstock.bus.Request.PurgeLane;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.task.Lane;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is done to many tasks at once. Says first how many there are, and asks. */
final class SweepPage {
  static final String PURGE = "/dashboard/lanes/purge";

  /** So many are counted; of more it is said that there are more. */
  private static final int COUNTED = 1_000;

  private static final Duration LONGEST = Duration.ofSeconds(20);

  private final PageContext desk;

  SweepPage(PageContext desk) {
    this.desk = desk;
  }

  List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    for (Sweep sweep : Sweep.values()) {
      routes.add(get(sweep.path, SESSION, desk.guarded(exchange -> ask(exchange, sweep))));
      routes.add(desk.form(sweep.path, exchange -> sweep(exchange, sweep)));
    }
    routes.add(get(PURGE, SESSION, desk.guarded(this::askToPurge)));
    routes.add(desk.form(PURGE, this::purge));
    return routes;
  }

  private Reply ask(Exchange exchange, Sweep sweep) throws InterruptedException {
    return desk.asked(
        TaskQuery.of(Form.of(exchange.query()), TaskQuery.FILTER),
        query -> ask(exchange, query, sweep));
  }

  private Reply ask(Exchange exchange, TaskQuery query, Sweep sweep) throws InterruptedException {
    Optional<TaskFilter> filter = query.filter(sweep.states());
    TaskPage page =
        filter.isEmpty()
            ? new TaskPage(List.of(), false, false)
            : desk.ask(new ListTasks(filter.get(), null, COUNTED));
    return confirm(
        exchange, Confirmation.sweep(sweep, page.tasks().size(), page.more(), page.cut(), query));
  }

  private Reply askToPurge(Exchange exchange) throws InterruptedException {
    String lane = Form.of(exchange.query()).get("lane");
    long waiting =
        desk.ask(new ReadFigures()).lanes().stream()
            .filter(figures -> figures.lane().name().equals(lane))
            .mapToLong(SweepPage::waiting)
            .sum();
    return confirm(exchange, Confirmation.purge(lane, waiting));
  }

  private static long waiting(LaneFigures figures) {
    return figures.counts().ready() + figures.counts().scheduled();
  }

  private Reply confirm(Exchange exchange, Confirmation confirmation) {
    return desk.page(
        exchange,
        new Layout(confirmation.title(), confirmation.back()),
        desk.templates.confirm(confirmation),
        desk.templates.confirmPage(confirmation));
  }

  private Reply sweep(Exchange exchange, Sweep sweep) throws InterruptedException {
    return desk.asked(
        TaskQuery.of(Form.of(exchange.body()), TaskQuery.FILTER),
        query -> sweep(exchange, query, sweep));
  }

  private Reply sweep(Exchange exchange, TaskQuery query, Sweep sweep) throws InterruptedException {
    Optional<TaskFilter> filter = query.filter(sweep.states());
    long tasks = filter.isEmpty() ? 0 : sweep(sweep.of(filter.get()));
    desk.did(exchange, sweep.did + " " + tasks + " " + Visible.text(query.words()));
    return PageContext.goTo(withNotice(query.first().path(), sweep.did, tasks));
  }

  private Reply purge(Exchange exchange) throws InterruptedException {
    String lane = Form.of(exchange.body()).get("lane");
    if (lane.isEmpty() || lane.startsWith(".")) {
      return desk.message(400, "No such lane", "The form names no lane.");
    }
    long tasks = sweep(new PurgeLane(Lane.of(lane)));
    desk.did(exchange, "purged lane " + Visible.text(lane) + ", " + tasks + " tasks");
    return PageContext.goTo(withNotice(OverviewPage.PATH, "purged", tasks));
  }

  /** Part by part, so that other work gets its turn between. */
  private long sweep(Request<Swept> request) throws InterruptedException {
    long until = System.nanoTime() + LONGEST.toNanos();
    long tasks = 0;
    Swept part;
    do {
      part = desk.ask(request);
      tasks += part.tasks();
    } while (part.more() && part.tasks() > 0 && System.nanoTime() < until);
    return tasks;
  }

  private static String withNotice(String path, String did, long tasks) {
    return path + (path.contains("?") ? "&" : "?") + did + "=" + tasks;
  }

  /** What was just done, in a sentence; empty: nothing. Numbers only come from the address. */
  static String notice(Form form) {
    for (String did : List.of("cancelled", "retried", "deleted", "purged")) {
      String tasks = form.get(did);
      if (tasks.matches("\\d{1,12}")) {
        long count = Long.parseLong(tasks);
        String verb = did.equals("purged") ? "cancelled" : did;
        return count == 1 ? "1 task " + verb + "." : Times.count(count) + " tasks " + verb + ".";
      }
    }
    return "";
  }
}
