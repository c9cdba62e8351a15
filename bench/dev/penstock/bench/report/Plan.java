package dev.penstock.bench.report;

import dev.penstock.bench.Texts.Kind;
import java.time.Duration;
import java.util.List;

/**
 * How much is measured, and for how long.
 *
 * @param starts times the program is started, for each kind of start
 * @param settle idle time before memory is read
 * @param warmUp load before anything is measured
 * @param span time one measurement should take
 * @param pairs one-at-a-time requests, each with a bare run beside it
 * @param rounds measurements of a figure that has an aim
 * @param inputs texts in a request
 * @param clients requests at a time
 * @param limit time after which what has not been begun is left out
 */
public record Plan(
    int starts,
    Duration settle,
    Duration warmUp,
    Duration span,
    int pairs,
    int rounds,
    List<Kind> kinds,
    List<Integer> inputs,
    List<Integer> clients,
    Duration limit) {

  public static Plan full() {
    return new Plan(
        5,
        Duration.ofSeconds(10),
        Duration.ofSeconds(8),
        Duration.ofSeconds(4),
        500,
        4,
        List.of(Kind.MIXED, Kind.SHORT, Kind.LONG),
        List.of(1, 8, 32),
        List.of(1, 8, 32),
        Duration.ofMinutes(13));
  }

  public boolean isQuick() {
    return equals(quick());
  }

  /** Shows that everything works; too short for figures anybody should quote. */
  public static Plan quick() {
    return new Plan(
        2,
        Duration.ofSeconds(5),
        Duration.ofSeconds(3),
        Duration.ofMillis(1200),
        100,
        2,
        List.of(Kind.MIXED),
        List.of(1, 8),
        List.of(1, 8),
        Duration.ofSeconds(100));
  }
}
