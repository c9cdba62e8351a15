package dev.penstock.admin;

import static dev.penstock.http.Route.Access.BROWSER;
import static dev.penstock.http.Route.get;

import dev.penstock.admin.jte.StaticTemplates;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.config.Settings;
import dev.penstock.http.Assets;
import dev.penstock.http.Reply;
import dev.penstock.http.Route;
import dev.penstock.task.Unavailable;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The page at {@code /}: how much work there is, by state and by lane. The browser asks for the
 * figures again every two seconds.
 */
public final class OverviewPage {
  private static final String CSS = "text/css; charset=utf-8";
  private static final String JS = "text/javascript; charset=utf-8";
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private final StaticTemplates templates = new StaticTemplates();
  private final Bus bus;
  private final Clock clock;
  private final String model;

  public OverviewPage(Bus bus, Settings settings) {
    this(bus, settings, Clock.systemUTC());
  }

  OverviewPage(Bus bus, Settings settings, Clock clock) {
    this.bus = bus;
    this.clock = clock;
    model = settings.embedding().model();
  }

  /** The page, the part of it that is asked for again, and the files that go with it. */
  public List<Route> routes() {
    return List.of(
        get("/", BROWSER, _ -> Reply.html(page())),
        get("/figures", BROWSER, _ -> Reply.html(figures())),
        get("/assets/pico.css", BROWSER, Assets.file(Assets.PICO + "pico.min.css", CSS)),
        get("/assets/htmx.js", BROWSER, Assets.file(Assets.HTMX + "htmx.min.js", JS)),
        get("/assets/penstock.css", BROWSER, Assets.file(Assets.OURS + "penstock.css", CSS)),
        get("/assets/penstock.js", BROWSER, Assets.file(Assets.OURS + "penstock.js", JS)));
  }

  private String page() {
    return templates.overview(overview()).render();
  }

  private String figures() {
    return templates.figures(overview()).render();
  }

  private Overview overview() {
    return Overview.of(read(), clock.instant(), model);
  }

  /** Empty when the queue does not answer: the page says so rather than failing. */
  private Optional<Figures> read() {
    try {
      return Optional.of(bus.ask(new ReadFigures(), LIMIT));
    } catch (Unavailable e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
