package dev.penstock.web;

import dev.penstock.core.Scope;
import io.vertx.core.http.HttpMethod;
import java.util.Set;

/**
 * One method of one path.
 *
 * @param path as in openapi.yaml: {@code {name}} stands for one segment, {@link #REST} for all the
 *     rest of the path
 * @param body the most bytes its body may have; 0: it takes none
 * @param bodiless whether it may come without a body, and then without its type
 * @param hands whether its answer hands over what another may get as well: then a client that says
 *     no more has gone, though it might read on
 */
public record Route(
    HttpMethod method,
    String path,
    Access access,
    int body,
    boolean bodiless,
    boolean hands,
    Resource resource) {

  /** Who may ask. */
  public enum Access {
    /** Anybody. */
    OPEN,
    /** Anybody: the login, and what pages are made of. */
    PAGE,
    /** The holder of a key that may submit. */
    KEY(Scope.CLIENT, Scope.ADMIN),
    /** The holder of a worker's key. */
    WORKER(Scope.WORKER),
    /** The holder of a key for what concerns all owners. */
    ADMIN(Scope.ADMIN),
    /** Who is logged in; a browser is led to the login. */
    SESSION(Scope.ADMIN),
    /** The holder of a key that may submit, or who is logged in. */
    EITHER(Scope.CLIENT, Scope.ADMIN),
    /**
     * The holder of a key that may read metrics, or who is logged in. The key may come as a Basic
     * password, which is what some scrapers can send.
     */
    SCRAPER(Scope.METRICS, Scope.CLIENT, Scope.ADMIN);

    @SuppressWarnings("ImmutableEnumChecker") // a Set.of cannot be changed
    private final Set<Scope> scopes;

    Access(Scope... scopes) {
      this.scopes = Set.of(scopes);
    }

    /** Whether it is of our own pages, and no part of the API. */
    boolean ofPages() {
      return this == PAGE || this == SESSION;
    }

    /** One of these a key must have. */
    Set<Scope> scopes() {
      return scopes;
    }
  }

  /** Answers a request, on a virtual thread: it may block, for a bounded time. */
  @FunctionalInterface
  public interface Resource {
    Answer answer(Exchange exchange) throws InterruptedException;
  }

  public static Route get(String path, Access access, Resource resource) {
    return new Route(HttpMethod.GET, path, access, 0, true, false, resource);
  }

  public static Route post(String path, Access access, int body, Resource resource) {
    return new Route(HttpMethod.POST, path, access, body, false, false, resource);
  }

  /** One that hands over what another may get as well. */
  public static Route postForWork(String path, Access access, int body, Resource resource) {
    return new Route(HttpMethod.POST, path, access, body, false, true, resource);
  }

  /** One whose body may be left out. */
  public static Route postPerhaps(String path, Access access, int body, Resource resource) {
    return new Route(HttpMethod.POST, path, access, body, true, false, resource);
  }

  public static Route delete(String path, Access access, Resource resource) {
    return new Route(HttpMethod.DELETE, path, access, 0, true, false, resource);
  }

  /** The end of a path that takes all the rest: a model's id may contain slashes. */
  static final String REST = "{model}";
}
