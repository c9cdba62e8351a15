package dev.penstock.bench.parts;

import dev.penstock.bench.Connection;
import dev.penstock.bench.Folders;
import dev.penstock.bench.Session;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import dev.penstock.testing.PenstockProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Time from starting the process to the first 200 of {@code /health/ready}. */
public final class StartPart implements Part {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(60);
  private static final long POLL_MS = 5;
  private static final Aim READY = Aim.atMost("start to ready", 2, "s");

  @Override
  public void run(Session session) throws Exception {
    Path folder = Files.createTempDirectory(session.scratch(), "start");
    List<Double> first = new ArrayList<>();
    List<Double> again = new ArrayList<>();
    for (int i = 0; i < session.plan().starts(); i++) {
      session.say("start " + (i + 1) + " of " + session.plan().starts());
      Folders.delete(folder);
      Files.createDirectories(folder);
      first.add(seconds(folder));
      again.add(seconds(folder));
    }
    Folders.delete(folder);
    Spread warm = Spread.of(again);
    session.report().aim(READY, warm.median());
    var table = new Report.Table("start", "seconds to ready: median (min–max)", "runs");
    table.row(
        "again, on a data folder that has the model and libraries", warm.text(2), warm.runs());
    Spread cold = Spread.of(first);
    table.row("the first, on an empty folder", cold.text(2), cold.runs());
    session
        .report()
        .section(
            "Start",
            """
            `java -jar penstock.jar` with the build's cache of classes to the first 200 of
            `/health/ready`, asked every %d ms. The two kinds of start alternate; the files are in
            the page cache.
            """
                .formatted(POLL_MS),
            table);
  }

  @SuppressWarnings("try") // Interrupted while it closes: the run is over anyway.
  private static double seconds(Path folder) throws Exception {
    long start = System.nanoTime();
    try (var process = PenstockProcess.launchShipped(folder, Map.of(), List.of())) {
      while (!ready(process)) {
        if (!process.alive()) {
          throw new IllegalStateException("it ended before it was ready:\n" + process.log());
        }
        if (System.nanoTime() - start > LIMIT.toNanos()) {
          throw new IllegalStateException("not ready after " + LIMIT + ":\n" + process.log());
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      process.terminate(STOP);
      return seconds;
    }
  }

  private static boolean ready(PenstockProcess process) {
    try (var connection = new Connection(process.uri())) {
      byte[] request = Connection.get(process.uri(), PenstockProcess.KEY, "/health/ready");
      return connection.exchange(request) == 200;
    } catch (IOException e) {
      return false; // It does not listen yet.
    }
  }
}
