package dev.penstock.admin;

import static dev.penstock.web.Route.Access.PAGE;
import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.api.TaskIntake;
import dev.penstock.base.SteadyClock;
import dev.penstock.bus.Bus;
import dev.penstock.config.Settings;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.LoginThrottle;
import dev.penstock.security.Sessions;
import dev.penstock.task.Lane;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.Assets;
import dev.penstock.web.Route;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/** All pages for operators, and the files that they are made of. */
public final class Dashboard {
  private static final String CSS = "text/css; charset=utf-8";
  private static final String JS = "text/javascript; charset=utf-8";

  private static final String NO_PAGE = "There is nothing at this address.";

  private final List<Route> routes = new ArrayList<>();

  /**
   * @param lanes those that work can be sent to
   * @param types every task type
   */
  public Dashboard(
      Bus bus,
      Settings settings,
      ApiKeys keys,
      Sessions sessions,
      TaskIntake intake,
      Supplier<List<Lane>> lanes,
      TaskTypes types) {
    InstantSource clock = InstantSource.system();
    PageContext desk = new PageContext(bus, clock);
    // The first example is for the first type that has a model to name.
    String model =
        types.all().stream()
            .map(types::defaultModel)
            .filter(Objects::nonNull)
            .findFirst()
            .orElse("");
    routes.addAll(
        new LoginPage(desk, keys, sessions, new LoginThrottle(SteadyClock.start()), settings)
            .routes());
    routes.addAll(new OverviewPage(desk, model, Settings.knowsAllNodes(settings)).routes());
    routes.addAll(new TaskListPage(desk, lanes).routes());
    routes.addAll(new OneTaskPage(desk, types).routes());
    routes.addAll(new SweepPage(desk).routes());
    List<InputType> inputs =
        types.all().stream().map(type -> InputType.of(type, types.defaultModel(type))).toList();
    routes.addAll(new SubmitPage(desk, intake, inputs, lanes).routes());
    routes.addAll(new WorkersPage(desk, Settings.knowsAllNodes(settings)).routes());
    routes.addAll(new KeysPage(desk, keys, intake.newKeys(keys)).routes());
    routes.addAll(new HealthPage(desk).routes());
    routes.addAll(new LiveEvents(desk, sessions).routes());
    file("pico.css", Assets.PICO + "pico.min.css", CSS);
    file("htmx.js", Assets.HTMX + "htmx.min.js", JS);
    file("penstock.css", Assets.OURS + "penstock.css", CSS);
    file("penstock.js", Assets.OURS + "penstock.js", JS);
    // After all others: what none of them takes.
    routes.add(get("/dashboard/{page}", SESSION, _ -> desk.message(404, "No such page", NO_PAGE)));
  }

  /** Open: the login needs them, and they are in every copy of the program. */
  private void file(String name, String resource, String contentType) {
    routes.add(get("/assets/" + name, PAGE, Assets.file(resource, contentType)));
  }

  public List<Route> routes() {
    return List.copyOf(routes);
  }
}
