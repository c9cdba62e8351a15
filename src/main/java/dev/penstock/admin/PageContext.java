package dev.penstock.admin;

import dev.penstock.admin.jte.StaticTemplates;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event;
import dev.penstock.bus.Request;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import gg.jte.models.runtime.JteModel;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every page works with: the bus, the time, the templates, and the log of who did what. */
final class PageContext {
  private static final Logger LOG = LoggerFactory.getLogger(PageContext.class);
  private static final Duration LIMIT = Duration.ofSeconds(10);

  /** More than any form of ours, the one for new tasks apart. */
  static final int SMALL_FORM = 8 * 1024;

  final StaticTemplates templates = new StaticTemplates();
  private final Bus bus;
  private final InstantSource clock;

  PageContext(Bus bus, InstantSource clock) {
    this.bus = bus;
    this.clock = clock;
  }

  void tellAll(Event event) {
    bus.tellAll(event);
  }

  Instant now() {
    return clock.instant();
  }

  <R> R ask(Request<R> request) throws InterruptedException {
    return bus.ask(request, LIMIT);
  }

  /** Empty when there is no answer: the page says so rather than failing. */
  <R> Optional<R> tryAsk(Request<R> request) throws InterruptedException {
    try {
      return Optional.of(ask(request));
    } catch (Unavailable e) {
      return Optional.empty();
    }
  }

  /** The page, or the part of it that changes where the page itself asks. */
  Reply page(Exchange exchange, Layout layout, JteModel part, JteModel whole) {
    return isPart(exchange) ? Reply.html(part.render()) : page(layout, whole);
  }

  Reply page(Layout layout, JteModel whole) {
    return Reply.html(templates.layout(layout, whole).render());
  }

  static boolean isPart(Exchange exchange) {
    return exchange.header("HX-Request") != null;
  }

  static Reply withStatus(int status, Reply reply) {
    return new Reply(status, reply.headers(), reply.body());
  }

  static Reply goTo(String path) {
    return new Reply(303, Map.of("Location", path, "Cache-Control", "no-store"), new byte[0]);
  }

  Reply message(int status, String title, String text) {
    return withStatus(status, page(new Layout(title, ""), templates.message(title, text)));
  }

  /** Answers for the tasks that are asked for; where it is not clear which, says so. */
  Reply asked(TaskQuery.Asked asked, ForTasks answer) throws InterruptedException {
    return switch (asked) {
      case TaskQuery.Asked.Tasks(var query) -> answer.answer(query);
      case TaskQuery.Asked.Unclear(var why) -> message(400, "No such filter", why);
    };
  }

  /** The answer for some tasks. */
  @FunctionalInterface
  interface ForTasks {
    Reply answer(TaskQuery query) throws InterruptedException;
  }

  /** A resource that says so, in words, when the queue is away. */
  Route.Resource guarded(Route.Resource resource) {
    return exchange -> {
      try {
        return resource.answer(exchange);
      } catch (Refusal refusal) {
        if (refusal.error().status() != 503) {
          throw refusal;
        }
        return message(503, "No room", refusal.error().message()).with(refusal.error());
      } catch (Unavailable e) {
        LOG.warn("page {}: {}", exchange.id(), e.getMessage());
        return message(
            503,
            "No answer",
            "The queue or the store does not answer. Health names the part that is at fault.");
      }
    };
  }

  /** What a form with little in it is sent to. */
  Route form(String path, Route.Resource resource) {
    return Route.post(path, Route.Access.SESSION, SMALL_FORM, guarded(resource));
  }

  /** Notes what somebody did. */
  void did(Exchange exchange, String what) {
    LOG.info(
        "{} from {} {} (request {})",
        exchange.caller().keyId(),
        exchange.address(),
        what,
        exchange.id());
  }
}
