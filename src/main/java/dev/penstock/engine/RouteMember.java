package dev.penstock.engine;

import dev.penstock.base.Backoff;
import dev.penstock.task.Priority;
import java.time.Duration;

/**
 * One of a model's backends, and how it has done. {@link RoutePlaces} guards what changes.
 *
 * <p>It is out after {@value #FAILURES} failures on end, and after a pause one request tries it.
 * How many it is given at once grows by one for each round of good answers, and is halved when it
 * has too much to do.
 */
final class RouteMember {
  private static final int FAILURES = 3;
  private static final Duration SHORTEST = Duration.ofSeconds(2);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /** What several requests meet at once is one event. */
  private static final long ONE_EVENT = Duration.ofSeconds(1).toNanos();

  final String name;
  final RouteTerms route;
  final Generator generator;

  /** Empty: it is in this process, or a child of it. */
  final String host;

  int running;
  private final Backoff pauses = new Backoff(SHORTEST, LONGEST);
  private double limit;
  private int failures;
  private boolean out;
  private boolean probing;
  private long outUntil;
  private boolean alone;
  private long aloneUntil;
  private boolean halved;
  private long halvedAt;
  private String lastError = "";

  /** How far it is behind its share: the most is next. */
  private long due;

  RouteMember(String name, RouteTerms route, String host, Generator generator) {
    this.name = name;
    this.route = route;
    this.host = host;
    this.generator = generator;
    this.limit = route.concurrency();
  }

  /** Whether it would be asked now, if it had a place. */
  boolean usable(long now) {
    return aloneNanos(now) == 0 && (!out || (!probing && outUntil - now <= 0));
  }

  /** How long it wants to be left alone; 0: not. */
  long aloneNanos(long now) {
    return alone ? Math.max(0, aloneUntil - now) : 0;
  }

  /** How long until it is tried again. */
  long outNanos(long now) {
    return out ? Math.max(0, outUntil - now) : 0;
  }

  boolean isOut() {
    return out;
  }

  /** Some places are kept for those who hold the line. */
  boolean free(Priority priority) {
    int places = places();
    boolean held = priority.compareTo(Priority.HELD) >= 0;
    return running < places - (held || places < 2 ? 0 : Math.max(1, places / 4));
  }

  int places() {
    return (int) limit;
  }

  long due() {
    return due;
  }

  /** A round in which one of those that share was taken. */
  void shared(int total, boolean taken) {
    due += route.weight() - (taken ? total : 0);
  }

  void begin() {
    running++;
    probing = out;
  }

  /** It is there. */
  void answered() {
    failures = 0;
    out = false;
    probing = false;
    pauses.reset();
  }

  void succeeded() {
    answered();
    limit = Math.min(route.concurrency(), limit + 1 / limit);
  }

  /** Nobody waited for the end. */
  void left() {
    probing = false;
  }

  void failed(BackendTrouble trouble, long now) {
    lastError = trouble.reason();
    switch (trouble.kind()) {
      case OTHER -> answered();
      case BUSY -> {
        Duration pause = trouble.pause();
        answered();
        alone = true;
        aloneUntil = now + (pause == null ? 0 : pause.toNanos());
        halve(now);
      }
      case AWAY -> away(now);
      case SLOW -> {
        halve(now);
        away(now);
      }
    }
  }

  private void away(long now) {
    failures++;
    if (probing || failures >= FAILURES) {
      out = true;
      probing = false;
      outUntil = now + pauses.pause().toNanos();
    }
  }

  private void halve(long now) {
    if (!halved || now - halvedAt > ONE_EVENT) {
      halved = true;
      halvedAt = now;
      limit = Math.max(1, limit / 2);
    }
  }

  EngineStatus.Member status(long now) {
    EngineStatus.Member.Standing standing =
        out
            ? EngineStatus.Member.Standing.OUT
            : aloneNanos(now) > 0
                ? EngineStatus.Member.Standing.LEFT_ALONE
                : EngineStatus.Member.Standing.READY;
    return new EngineStatus.Member(name, route.order(), standing, running, places(), lastError);
  }
}
