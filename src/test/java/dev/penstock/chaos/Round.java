package dev.penstock.chaos;

import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Urgent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** One fault under load, and what it left. */
record Round(
    Fault fault, Checker.Report report, Duration urgent, Duration untrue, long residentMegabytes) {
  private static final Duration HEAL = Duration.ofMinutes(2);
  private static final Duration URGENT = Duration.ofSeconds(2);
  private static final Duration URGENT_DOWN = Duration.ofSeconds(60);

  /** As long as a node may take to notice. */
  private static final Duration UNTRUE = Duration.ofSeconds(15);

  private static final int AROUND = 100;

  static Round of(House house, Fault fault, Random random, Map<String, float[]> references)
      throws Exception {
    var checker = new Checker();
    var doors = new Random(random.nextLong());
    Urgent asks = Urgent.start(() -> house.door(doors), Urgent.Work.PING);
    Truth looks = Truth.of(house.doors().getFirst());
    Duration urgent;
    Duration untrue;
    try (var _ = Load.start(house, checker, references)) {
      more(checker);
      fault.hurt().with(random);
      house.mend();
      more(checker);
    } finally {
      urgent = asks.end();
      untrue = looks.end();
    }
    Checker.Report report = checker.settle(house.doors().getLast(), HEAL);
    return new Round(fault, report, urgent, untrue, resident(house));
  }

  private static void more(Checker checker) throws Exception {
    int before = checker.accepted();
    Await.until("work is taken", HEAL, () -> checker.accepted() > before + AROUND);
  }

  /** Of the largest node. */
  static long resident(House house) throws IOException {
    long most = 0;
    for (PenstockProcess node : house.nodes()) {
      most = Math.max(most, resident(node.pid()));
    }
    return most;
  }

  private static long resident(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElse(0);
  }

  /** What is not as promised; empty: all is. */
  List<String> broken(long mostMegabytes) {
    List<String> broken = new ArrayList<>();
    if (report.lost() > 0) {
      broken.add(report.lost() + " lost");
    }
    if (report.unexpected() > 0) {
      broken.add(report.unexpected() + " unexpected");
    }
    if (urgent.compareTo(fault.down() ? URGENT_DOWN : URGENT) > 0) {
      broken.add("urgent work waited " + seconds(urgent));
    }
    if (untrue.compareTo(UNTRUE) > 0) {
      broken.add("ready, and took nothing, for " + seconds(untrue));
    }
    if (residentMegabytes > mostMegabytes) {
      broken.add(residentMegabytes + " MB resident, more than " + mostMegabytes);
    }
    return broken;
  }

  static String seconds(Duration time) {
    return "%.1f s".formatted(time.toMillis() / 1e3);
  }
}
