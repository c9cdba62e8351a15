package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.base.Visible;
import dev.penstock.bus.Request.PauseLane;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.bus.Request.ReadHistory;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.task.Lane;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The page at {@code /}: how much work there is, by state and by lane, and the last hour. */
final class OverviewPage {
  static final String PATH = "/";
  private static final String CHARTS = "/dashboard/charts";
  private static final String PAUSE = "/dashboard/lanes/pause";
  private static final String RESUME = "/dashboard/lanes/resume";
  private static final Duration HOUR = Duration.ofHours(1);

  private final PageContext desk;
  private final String model;
  private final boolean whole;

  /**
   * @param model the one of the example that an empty queue shows
   * @param whole whether all nodes are known here
   */
  OverviewPage(PageContext desk, String model, boolean whole) {
    this.desk = desk;
    this.model = model;
    this.whole = whole;
  }

  List<Route> routes() {
    return List.of(
        get(PATH, SESSION, desk.guarded(this::page)),
        get(
            CHARTS,
            SESSION,
            desk.guarded(_ -> Reply.html(desk.templates.charts(charts()).render()))),
        desk.form(PAUSE, exchange -> pause(exchange, true)),
        desk.form(RESUME, exchange -> pause(exchange, false)));
  }

  private Reply page(Exchange exchange) throws InterruptedException {
    Overview overview =
        Overview.of(
            desk.tryAsk(new ReadFigures()),
            whole ? desk.tryAsk(new ReadWorkers()) : Optional.empty(),
            desk.now(),
            model);
    if (PageContext.isPart(exchange)) {
      return Reply.html(desk.templates.figures(overview).render());
    }
    String notice = SweepPage.notice(Form.of(exchange.query()));
    return desk.page(
        new Layout("Overview", PATH), desk.templates.overview(overview, charts(), notice));
  }

  /** Without a history nothing has happened, as far as pictures can tell. */
  private Charts charts() throws InterruptedException {
    return Charts.of(
        desk.tryAsk(new ReadHistory(HOUR.plusMinutes(1))).orElse(List.of()), desk.now());
  }

  private Reply pause(Exchange exchange, boolean paused) throws InterruptedException {
    String name = Form.of(exchange.body()).get("lane");
    if (name.isEmpty() || name.startsWith(".")) {
      return desk.message(400, "No such lane", "The form names no lane.");
    }
    desk.ask(new PauseLane(Lane.of(name), paused));
    desk.did(exchange, (paused ? "paused lane " : "resumed lane ") + Visible.text(name));
    return PageContext.goTo(PATH);
  }
}
