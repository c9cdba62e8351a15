package dev.penstock.storage.rabbit;

import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which queue each owner's tasks go into. An owner has one of its own while there are few owners.
 * Once there are many those that have one keep it, which the broker remembers for all nodes, and
 * the others share some.
 *
 * <p>Nodes may disagree for a while: one that knows fewer owners than there are gives an owner a
 * queue that shares one for the others. They find it there when they look again.
 */
final class Destinations {
  /** Between two looks whether an owner that shares has a queue of its own after all. */
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  private static final Duration A_MOMENT = Duration.ofSeconds(1);

  /** Whose tasks, in which lane. */
  record Destination(Lane lane, String owner, boolean urgent) {
    static Destination of(TaskSpec task) {
      return new Destination(task.lane(), task.owner(), RoutingKeys.urgent(task.priority()));
    }

    private String own() {
      return RoutingKeys.own(lane, owner, urgent);
    }

    private String shared() {
      return RoutingKeys.shared(lane, owner, urgent);
    }
  }

  /** Asks the broker whether it has the queue of a route. */
  interface Look {
    boolean has(String route) throws IOException, TimeoutException;
  }

  /**
   * What was decided.
   *
   * @param again when to look again, by {@link System#nanoTime}; null: it has its own
   * @param pause how long that is after the look before
   */
  private record Choice(String route, @Nullable Long again, Duration pause) {
    static Choice own(String route) {
      return new Choice(route, null, Duration.ZERO);
    }

    static Choice shared(String route, Duration pause) {
      return new Choice(route, System.nanoTime() + pause.toNanos(), pause);
    }

    boolean isDue() {
      return again != null && System.nanoTime() - again > 0;
    }
  }

  private final Owners owners;
  private final Predicate<String> declared;
  private final Look look;
  private final Duration firstPause;
  private final ConcurrentMap<Destination, Choice> choices = new ConcurrentHashMap<>();

  /**
   * @param declared whether we have made sure of a route's queue
   * @param declaring how long that may take
   */
  Destinations(Owners owners, Predicate<String> declared, Look look, Duration declaring) {
    this.owners = owners;
    this.declared = declared;
    this.look = look;
    // By then nobody makes a queue any more by what he knew at the time of the first look.
    this.firstPause = Owners.CURRENT.plus(declaring).plus(A_MOMENT);
  }

  /** Whether it is known where these tasks go, even without knowing all owners. */
  boolean decided(Destination to) {
    return choices.containsKey(to)
        || to.owner().equals(RoutingKeys.DEFAULT)
        || declared.test(to.own());
  }

  /** The route of these tasks. What is not {@link #decided} takes knowing all owners. */
  String route(Destination to) throws IOException, TimeoutException {
    Choice choice = choices.get(to);
    return choice == null ? choose(to, firstPause) : choice.route();
  }

  /** As the other one, for who reads: looks again at times, ever more rarely. */
  String routeToRead(Destination to) throws IOException, TimeoutException {
    Choice choice = choices.get(to);
    if (choice == null || !choice.isDue()) {
      return route(to);
    }
    Duration twice = choice.pause().multipliedBy(2);
    return choose(to, twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE);
  }

  private String choose(Destination to, Duration pause) throws IOException, TimeoutException {
    String own = to.own();
    if (to.owner().equals(RoutingKeys.DEFAULT) || declared.test(own)) {
      choices.put(to, Choice.own(own));
      return own;
    }
    if (!owners.crowded()) {
      return own; // Not remembered until it is declared: there may be more owners by then.
    }
    Choice choice = look.has(own) ? Choice.own(own) : Choice.shared(to.shared(), pause);
    choices.put(to, choice);
    return choice.route();
  }

  /** The broker has no such queue any more: what went there is decided anew. */
  void forget(String route) {
    choices.values().removeIf(choice -> choice.route().equals(route));
  }
}
