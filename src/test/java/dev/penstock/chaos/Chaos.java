package dev.penstock.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Draws faults from a seed for some minutes, against a lone node and against a fleet in turn, and
 * writes {@code target/chaos.md}. Ends with 1 when a promise was broken.
 */
public final class Chaos {
  private static final Path TABLE = Path.of("target/chaos.md");
  private static final Path FOLDER = Path.of("target/chaos");
  private static final String HEAD =
      """
      | on | fault | accepted | lost | unexpected | urgent work waited, at most | said ready and took nothing | resident, MB |
      |---|---|---|---|---|---|---|---|
      """;
  private static final double GROWTH = 1.5;
  private static final long SLACK = 150;

  private final Random random;
  private final StringBuilder table = new StringBuilder(HEAD);
  private final List<String> broken = new ArrayList<>();

  Chaos(long seed) {
    this.random = new Random(seed);
  }

  public static void main(String[] arguments) throws Exception {
    long minutes = arguments.length > 0 ? Long.parseLong(arguments[0]) : 10;
    long seed =
        arguments.length > 1 ? Long.parseLong(arguments[1]) : new Random().nextInt(1_000_000);
    System.out.println("chaos: seed " + seed + ", " + minutes + " minutes");
    var chaos = new Chaos(seed);
    Duration half = Duration.ofMinutes(minutes).dividedBy(2);
    try (House house = LoneHouse.start(fresh("lone"))) {
      chaos.rounds(house, half, Integer.MAX_VALUE);
    }
    try (House house = FleetHouse.start(fresh("fleet"))) {
      chaos.rounds(house, half, Integer.MAX_VALUE);
    }
    Files.writeString(TABLE, chaos.table);
    System.out.println(chaos.table);
    chaos.broken.forEach(System.out::println);
    System.exit(chaos.broken.isEmpty() ? 0 : 1);
  }

  /** Faults until the time is over, or so many. */
  void rounds(House house, Duration time, int most) throws Exception {
    long end = System.nanoTime() + time.toNanos();
    Map<String, float[]> references = Load.references(house);
    long first = 0;
    List<Fault> drawn = new ArrayList<>();
    for (int i = 0; i < most && System.nanoTime() < end; i++) {
      Fault fault = draw(house, drawn);
      try {
        Round round = Round.of(house, fault, random, references);
        first = first == 0 ? round.residentMegabytes() : first;
        note(house, round, Math.round(first * GROWTH) + SLACK);
      } catch (AssertionError e) {
        broken.add("%s, %s: %s".formatted(house.name(), fault.name(), e.getMessage()));
        return; // it has not healed
      }
    }
  }

  /** Each once, in an order of its own, before any comes again. */
  private Fault draw(House house, List<Fault> drawn) {
    if (drawn.isEmpty()) {
      drawn.addAll(house.faults());
    }
    return drawn.remove(random.nextInt(drawn.size()));
  }

  private void note(House house, Round round, long mostMegabytes) {
    String row =
        "| %s | %s | %d | %d | %d | %s | %s | %d |%n"
            .formatted(
                house.name(),
                round.fault().name(),
                round.report().accepted(),
                round.report().lost(),
                round.report().unexpected(),
                Round.seconds(round.urgent()),
                Round.seconds(round.untrue()),
                round.residentMegabytes());
    System.out.print("chaos: " + row);
    table.append(row);
    round
        .broken(mostMegabytes)
        .forEach(
            what -> broken.add("%s, %s: %s".formatted(house.name(), round.fault().name(), what)));
  }

  List<String> broken() {
    return broken;
  }

  private static Path fresh(String name) throws IOException {
    Path folder = FOLDER.resolve(name).toAbsolutePath();
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    return Files.createDirectories(folder);
  }
}
