package dev.penstock.admin;

import static dev.penstock.web.Route.Access.PAGE;
import static dev.penstock.web.Route.Access.SESSION;
import static dev.penstock.web.Route.get;
import static dev.penstock.web.Route.post;

import dev.penstock.config.Settings;
import dev.penstock.core.Scope;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Caller;
import dev.penstock.security.LoginThrottle;
import dev.penstock.security.SessionCookie;
import dev.penstock.security.Sessions;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** In and out: {@code /login} takes the API key and gives a session, {@code /logout} ends it. */
final class LoginPage {
  private static final Logger LOG = LoggerFactory.getLogger(LoginPage.class);
  private static final String PATH = "/login";
  private static final int MAX_NEXT = 2_000;
  private static final Set<Scope> ADMIN = Set.of(Scope.ADMIN);
  private static final String COOKIE = "Set-Cookie";

  private final PageContext desk;
  private final ApiKeys keys;
  private final Sessions sessions;
  private final LoginThrottle throttle;
  private final boolean alwaysSecure;

  LoginPage(
      PageContext desk,
      ApiKeys keys,
      Sessions sessions,
      LoginThrottle throttle,
      Settings settings) {
    this.desk = desk;
    this.keys = keys;
    this.sessions = sessions;
    this.throttle = throttle;
    alwaysSecure =
        switch (settings.session().secure()) {
          case ALWAYS -> true;
          case AUTO -> false;
        };
  }

  List<Route> routes() {
    return List.of(
        get(PATH, PAGE, this::page),
        post(PATH, PAGE, PageContext.SMALL_FORM, desk.guarded(this::login)),
        post("/logout", SESSION, PageContext.SMALL_FORM, this::logout));
  }

  private Reply page(Exchange exchange) {
    String next = local(Form.of(exchange.query()).get("next"));
    return sessions.use(token(exchange)).isPresent() ? PageContext.goTo(next) : page(next, "");
  }

  private Reply page(String next, String error) {
    return Reply.html(desk.templates.login(next, error).render());
  }

  private static @Nullable String token(Exchange exchange) {
    return SessionCookie.read(exchange.header("Cookie")).orElse(null);
  }

  private Reply login(Exchange exchange) {
    Form form = Form.of(exchange.body());
    String next = local(form.get("next"));
    String address = exchange.address();
    Optional<Duration> wait = throttle.attempt(address);
    if (wait.isPresent()) {
      long seconds = wait.get().toSeconds() + 1;
      LOG.warn("login from {} refused: too many wrong keys", address);
      String error = "Too many wrong keys. Try again in " + seconds + " seconds.";
      return PageContext.withStatus(429, page(next, error))
          .with("Retry-After", Long.toString(seconds));
    }
    String key = form.get("key").strip();
    Optional<Caller> caller = keys.authenticateKey(key);
    if (caller.isEmpty()) {
      LOG.warn("login from {} refused: wrong key (request {})", address, exchange.id());
      return PageContext.withStatus(401, page(next, "This API key is not known here."));
    }
    if (!caller.get().has(ADMIN)) {
      LOG.warn("login from {} refused: {} is no admin's", address, caller.get().keyId());
      return PageContext.withStatus(
          403, page(next, "This API key is not for the dashboard: it needs the scope admin."));
    }
    throttle.succeeded(address);
    sessions.close(token(exchange)); // a new login, a new token
    LOG.info("{} from {} logged in (request {})", caller.get().keyId(), address, exchange.id());
    boolean secure = alwaysSecure || "https".equalsIgnoreCase(exchange.header("X-Forwarded-Proto"));
    return PageContext.goTo(next)
        .with(COOKIE, SessionCookie.write(sessions.open(caller.get(), keys.standing(key)), secure));
  }

  private Reply logout(Exchange exchange) {
    sessions.close(token(exchange));
    desk.did(exchange, "logged out");
    return PageContext.goTo(PATH).with(COOKIE, SessionCookie.erase());
  }

  /** A path of ours, or else the overview: a link to the login must not lead anywhere else. */
  static String local(String next) {
    boolean ours =
        next.startsWith("/")
            && !next.startsWith("//")
            && next.length() <= MAX_NEXT
            && next.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '\\');
    return ours ? next : OverviewPage.PATH;
  }
}
