package dev.penstock.bench.parts;

import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.WarmUp;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Report;
import dev.penstock.testing.ModelFolders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Resident memory: idle, and after work. */
public final class MemoryPart implements Part {
  private static final Aim IDLE = Aim.atMost("resident memory, idle", 400, "MB");
  private static final Aim BACK =
      Aim.atMost("resident memory once eight models are closed, to a fresh start's", 1.3, "times");
  private static final int INPUTS = 32;
  private static final int CLIENTS = 8;
  private static final int MODELS = 8;
  private static final Duration IDLE_MODELS = Duration.ofSeconds(8);

  @Override
  public void run(Session session) throws Exception {
    var table =
        new Report.Table("when", "resident MB", "of it anonymous", "of it files", "most so far");
    try (Server server = Server.start(session.scratch())) {
      if (!Files.isReadable(status(server))) {
        throw new IOException("resident memory is read from " + status(server));
      }
      session.say("idle for " + session.plan().settle().toSeconds() + " s");
      // The figure is defined by this time; there is nothing to wait for.
      Thread.sleep(session.plan().settle());
      double idle = row(table, "idle %d s after ready".formatted(seconds(session)), server);
      session.report().aim(IDLE, idle);

      session.say("load");
      WarmUp.run(session, server, Kind.MIXED, INPUTS, CLIENTS, session.plan().warmUp());
      row(table, "right after %d s of load".formatted(session.plan().warmUp().toSeconds()), server);
      Thread.sleep(session.plan().settle());
      row(table, "idle again for %d s".formatted(seconds(session)), server);
    }
    models(session, table);
    session
        .report()
        .section(
            "Memory",
            """
            `VmRSS` of the process in `/proc`, default settings, default model loaded. The load is
            mixed texts, %d in a request, %d clients.
            """
                .formatted(INPUTS, CLIENTS),
            table);
  }

  /** Opens models of somebody's own, one after the other, until all are closed again. */
  private static void models(Session session, Report.Table table) throws Exception {
    session.say(MODELS + " models, opened and closed");
    Path models = Files.createTempDirectory(session.scratch(), "models");
    for (int i = 0; i < MODELS; i++) {
      ModelFolders.miniLm(models, "mine-" + i);
    }
    Map<String, String> settings =
        Map.of("MODELS_DIR", models.toString(), "MODEL_IDLE_UNLOAD", "5s");
    try (Server server = Server.start(session.scratch(), settings)) {
      String texts =
          String.join(",", Collections.nCopies(INPUTS, "\"" + "some words ".repeat(120) + "\""));
      embed(server, "all-minilm-l6-v2", texts);
      Thread.sleep(session.plan().settle());
      double fresh = row(table, "another start, after one request", server);
      for (int i = 0; i < MODELS; i++) {
        embed(server, "mine-" + i, texts);
      }
      row(table, "after %d more models, all open".formatted(MODELS), server);
      Thread.sleep(IDLE_MODELS.plus(session.plan().settle()));
      double closed = row(table, "all of them closed", server);
      session.report().aim(BACK, closed / fresh);
    }
  }

  private static void embed(Server server, String model, String texts) throws IOException {
    server.ask(
        server.post("/v1/embeddings", "{\"model\":\"%s\",\"input\":[%s]}".formatted(model, texts)));
  }

  private static long seconds(Session session) {
    return session.plan().settle().toSeconds();
  }

  private static double row(Report.Table table, String when, Server server) throws IOException {
    List<String> lines = Files.readAllLines(status(server));
    double resident = megabytes(lines, "VmRSS:");
    table.row(
        when,
        text(resident),
        text(megabytes(lines, "RssAnon:")),
        text(megabytes(lines, "RssFile:")),
        text(megabytes(lines, "VmHWM:")));
    return resident;
  }

  /** What a server has resident, in MB. */
  static double resident(Server server) throws IOException {
    return resident(server.pid());
  }

  /** What a process has resident, in MB. */
  static double resident(long pid) throws IOException {
    return megabytes(Files.readAllLines(status(pid)), "VmRSS:");
  }

  private static Path status(Server server) {
    return status(server.pid());
  }

  private static Path status(long pid) {
    return Path.of("/proc", Long.toString(pid), "status");
  }

  /** The kernel's kB are KiB. */
  private static double megabytes(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024 / 1e6)
        .findFirst()
        .orElse(Double.NaN);
  }

  private static String text(double megabytes) {
    return String.format(Locale.ROOT, "%.0f", megabytes);
  }
}
