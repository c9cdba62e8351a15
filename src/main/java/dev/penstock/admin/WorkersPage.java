package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.base.Visible;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.core.WorkerFigures;
import dev.penstock.task.Lane;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.util.List;
import java.util.Optional;

/** Who runs tasks, and how each of them does; where one is told to drain. */
final class WorkersPage {
  static final String PATH = "/dashboard/workers";
  static final String DRAIN = PATH + "/drain";

  private final PageContext desk;
  private final boolean whole;

  /**
   * @param whole whether all nodes are known here
   */
  WorkersPage(PageContext desk, boolean whole) {
    this.desk = desk;
    this.whole = whole;
  }

  static String drainPath(String worker) {
    return DRAIN + "?id=" + Form.encode(worker);
  }

  List<Route> routes() {
    return List.of(
        get(PATH, SESSION, desk.guarded(this::page)),
        get(DRAIN, SESSION, desk.guarded(this::askToDrain)),
        desk.form(DRAIN, this::drain));
  }

  private Reply page(Exchange exchange) throws InterruptedException {
    WorkerList list = WorkerList.of(desk.tryAsk(new ReadWorkers()), whole, desk.now());
    return desk.page(
        exchange,
        new Layout("Workers", PATH),
        desk.templates.workerRows(list),
        desk.templates.workers(list));
  }

  private Reply askToDrain(Exchange exchange) throws InterruptedException {
    List<WorkerFigures> all = desk.ask(new ReadWorkers());
    Optional<WorkerFigures> worker = find(all, Form.of(exchange.query()).get("id"));
    if (worker.isEmpty()) {
      return gone();
    }
    List<WorkerFigures> others =
        all.stream().filter(one -> !one.node().equals(worker.get().node())).toList();
    List<Lane> alone =
        worker.get().lanes().stream()
            .filter(lane -> others.stream().noneMatch(one -> one.serves(lane)))
            .toList();
    Confirmation confirmation = Confirmation.drain(worker.get(), alone);
    return desk.page(
        exchange,
        new Layout(confirmation.title(), PATH),
        desk.templates.confirm(confirmation),
        desk.templates.confirmPage(confirmation));
  }

  private Reply drain(Exchange exchange) throws InterruptedException {
    Optional<WorkerFigures> worker =
        find(desk.ask(new ReadWorkers()), Form.of(exchange.body()).get("id"));
    if (worker.isEmpty()) {
      return gone();
    }
    desk.tellAll(new DrainWorker(worker.get().node(), worker.get().startedAt()));
    desk.did(exchange, "told worker " + Visible.text(worker.get().node()) + " to drain");
    return PageContext.goTo(PATH);
  }

  /** Among those that run tasks. */
  private static Optional<WorkerFigures> find(List<WorkerFigures> all, String id) {
    return all.stream().filter(one -> one.node().equals(id) && one.runsTasks()).findFirst();
  }

  private Reply gone() {
    return desk.message(404, "No such worker", "Nobody of this name was heard of lately.");
  }
}
