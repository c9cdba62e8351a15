package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.bus.Request;
import dev.penstock.bus.Request.ReadClusterHealth;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.core.Part;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.util.ArrayList;
import java.util.List;

/** The parts of the program, and which of them works. */
final class HealthPage {
  static final String PATH = "/dashboard/health";

  private final PageContext desk;

  HealthPage(PageContext desk) {
    this.desk = desk;
  }

  List<Route> routes() {
    return List.of(get(PATH, SESSION, this::page));
  }

  private Reply page(Exchange exchange) throws InterruptedException {
    List<Part> parts = new ArrayList<>();
    parts.addAll(ask("dispatch", new ReadDispatchHealth()));
    parts.addAll(ask("inference", new ReadInferenceHealth()));
    desk.tryAsk(new ReadClusterHealth())
        .ifPresent(parts::addAll); // nobody answers where there is none
    return desk.page(
        exchange,
        new Layout("Health", PATH),
        desk.templates.parts(parts),
        desk.templates.health(parts));
  }

  private List<Part> ask(String name, Request<List<Part>> question) throws InterruptedException {
    return desk.tryAsk(question).orElse(List.of(new Part(name, false, "does not answer")));
  }
}
