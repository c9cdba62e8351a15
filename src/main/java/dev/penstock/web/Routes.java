package dev.penstock.web;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** All routes, and where a request line leads. */
public final class Routes {
  /** A path that cannot be decoded is a route of nobody's. */
  private static final List<Integer> ROUTER_FAILURES = List.of(400, 404, 405, 500);

  private final List<Route> routes;

  public Routes(List<Route> routes) {
    this.routes = List.copyOf(routes);
  }

  public List<Route> all() {
    return routes;
  }

  /** A router that finds a request's route and hands both over. */
  public Router router(Vertx vertx, BiConsumer<RoutingContext, Match> requests) {
    Router router = Router.router(vertx);
    // A path that is written out is nobody else's, whatever the method: where it lacks that one,
    // its last word is no id for a path that has a name in its place.
    add(router, requests, route -> !route.path().contains("{"));
    add(router, requests, route -> route.path().contains("{"));
    router.route().handler(context -> requests.accept(context, new Match.Unknown()));
    for (int status : ROUTER_FAILURES) {
      router.errorHandler(status, context -> requests.accept(context, new Match.Unknown()));
    }
    return router;
  }

  private void add(
      Router router, BiConsumer<RoutingContext, Match> requests, Predicate<Route> which) {
    Map<String, TreeSet<String>> methods = new LinkedHashMap<>();
    Map<String, Boolean> pages = new HashMap<>();
    for (Route route : routes.stream().filter(which).toList()) {
      pages.merge(route.path(), route.access().ofPages(), Boolean::logicalOr);
      var allowed = methods.computeIfAbsent(route.path(), _ -> new TreeSet<>());
      var entry = at(router, route.path()).method(route.method());
      allowed.add(route.method().name());
      if (route.method().equals(HttpMethod.GET)) {
        // The server leaves the body out.
        entry.method(HttpMethod.HEAD);
        allowed.add(HttpMethod.HEAD.name());
      }
      entry.handler(
          context -> requests.accept(context, new Match.Found(route, context.pathParams())));
    }
    methods.forEach((path, allowed) -> {
      var other = new Match.OtherMethod(List.copyOf(allowed), pages.getOrDefault(path, false));
      at(router, path).handler(context -> requests.accept(context, other));
    });
  }

  private static io.vertx.ext.web.Route at(Router router, String path) {
    return path.endsWith(Route.REST)
        ? router.routeWithRegex(path.replace(Route.REST, "(?<model>.+)"))
        : router.route(path.replace('{', ':').replace("}", ""));
  }

  /** Where a request line leads. */
  public sealed interface Match {
    /** Whether pages of ours are there, or what they are made of, and no part of the API. */
    boolean page();

    record Found(Route route, Map<String, String> parameters) implements Match {
      @Override
      public boolean page() {
        return route.access().ofPages();
      }
    }

    record OtherMethod(List<String> allowed, boolean page) implements Match {}

    record Unknown() implements Match {
      @Override
      public boolean page() {
        return false;
      }
    }
  }
}
