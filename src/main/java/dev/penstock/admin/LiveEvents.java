package dev.penstock.admin;

import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;

import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.security.SessionCookie;
import dev.penstock.security.Sessions;
import dev.penstock.task.TaskState;
import dev.penstock.web.EventStream;
import dev.penstock.web.EventStream.Sink;
import dev.penstock.web.Exchange;
import dev.penstock.web.Route;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells open pages that something changed, once a second at most; they fetch what they show. Says
 * so now and then without a change too: times grow old. Ends with the session.
 */
final class LiveEvents {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final int LOOKS_BETWEEN = 10;

  private final PageContext desk;
  private final Sessions sessions;

  LiveEvents(PageContext desk, Sessions sessions) {
    this.desk = desk;
    this.sessions = sessions;
  }

  List<Route> routes() {
    return List.of(
        get(
            "/dashboard/events",
            SESSION,
            exchange -> new EventStream(sink -> tell(exchange, sink))));
  }

  private void tell(Exchange exchange, Sink sink) throws InterruptedException {
    @Nullable String token = SessionCookie.read(exchange.header("Cookie")).orElse(null);
    sink.keepAlive();
    Optional<Figures> before = desk.tryAsk(new ReadFigures());
    int quiet = 0;
    while (sessions.look(token).isPresent()) {
      Thread.sleep(LOOK_EVERY);
      Optional<Figures> now = desk.tryAsk(new ReadFigures());
      if (++quiet >= LOOKS_BETWEEN || !now.equals(before) || running(now)) {
        sink.event("changed", "", "-");
        quiet = 0;
      }
      before = now;
    }
    sink.event("over", "", "-");
  }

  /** The progress of what runs is in no figure. */
  private static boolean running(Optional<Figures> figures) {
    return figures.isPresent() && figures.get().states().getOrDefault(TaskState.PROCESSING, 0L) > 0;
  }
}
