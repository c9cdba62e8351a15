package dev.penstock.admin;

import dev.penstock.admin.jte.StaticTemplates;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.config.Settings;
import dev.penstock.task.Unavailable;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The page at {@code /}: how much work there is, by state and by lane. The browser asks for the
 * figures again every two seconds.
 */
public final class OverviewPage {
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

  /**
   * The page and the part of it that is asked for again, by path. They block, for seconds at most.
   */
  public Map<String, Supplier<String>> pages() {
    return Map.of("/", this::page, "/figures", this::figures);
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
