package dev.penstock.bench.parts;

import dev.penstock.bench.Connection;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.HdrHistogram.Histogram;

/** What five short texts feel of another owner's texts without end. */
public final class TextsPart implements Part {
  private static final Aim NEIGHBOUR =
      Aim.atMost("five short texts beside ten endless ones of another owner, slowest", 300, "ms");
  private static final int DIGITS = 3;
  private static final int ENDLESS = 10;
  private static final int ALONE = 20;
  private static final int IDS = 300_000;

  /** In cl100k_base 128 spaces. */
  private static final String SPACES = "58040";

  private static final int CHARS = 3_900_000;

  @Override
  public void run(Session session) throws Exception {
    var table =
        new Report.Table(
            "ten at once of", "take", "slowest neighbour, ms", "median", "CPU server / generator");
    try (Server server = Server.start(session.scratch(), Server.withoutCache(Map.of()));
        var api = new Api(server.uri(), PenstockProcess.KEY);
        var other = new Api(server.uri(), api.keyOf("endless"));
        var connection = new Connection(server.uri())) {
      session.say("five short texts alone");
      Histogram alone = new Histogram(DIGITS);
      for (int i = 0; i < ALONE; i++) {
        ask(server, connection, alone);
      }
      table.row(
          "nothing",
          "–",
          Format.millis(alone.getMaxValue()),
          Format.millis(alone.getValueAtPercentile(50)),
          "–");
      String ids = String.join(",", Collections.nCopies(IDS, SPACES));
      row(session, table, server, other, connection, "300,000 ids of 128 spaces", "[" + ids + "]");
      row(
          session,
          table,
          server,
          other,
          connection,
          "3.9 million letters",
          "\"" + "q".repeat(CHARS) + "\"");
    }
    session
        .report()
        .section(
            "Texts without end",
            """
            Requests of five short texts, one after the other, while another owner sends ten with a
            text of the longest kind each; the default model.
            """,
            table);
  }

  private static void row(
      Session session,
      Report.Table table,
      Server server,
      Api other,
      Connection connection,
      String name,
      String input)
      throws Exception {
    session.say("beside ten of " + name);
    var cpu = server.cpu().mark();
    long start = System.nanoTime();
    List<FutureTask<Integer>> endless = new ArrayList<>();
    for (int i = 0; i < ENDLESS; i++) {
      var each =
          new FutureTask<>(
              () -> other.post("/v1/embeddings", "{\"input\":" + input + "}").status());
      endless.add(each);
      Thread.ofVirtual().start(each);
    }
    Histogram beside = new Histogram(DIGITS);
    do {
      ask(server, connection, beside);
    } while (!endless.stream().allMatch(FutureTask::isDone));
    long took = System.nanoTime() - start;
    for (FutureTask<Integer> each : endless) {
      if (each.get() != 200) {
        throw new IllegalStateException("answered with " + each.get());
      }
    }
    session.report().aim(NEIGHBOUR, beside.getMaxValue() / 1e6);
    table.row(
        name,
        Format.millis(took) + " ms",
        Format.millis(beside.getMaxValue()),
        Format.millis(beside.getValueAtPercentile(50)),
        Format.cpu(server.cpu().since(cpu)));
  }

  private static void ask(Server server, Connection connection, Histogram times) throws Exception {
    byte[] request =
        server.embeddings(
            "all-minilm-l6-v2",
            List.of("five", "short texts", "of a neighbour", "who waits", "for nobody"));
    long start = System.nanoTime();
    connection.ask(request);
    times.recordValue(System.nanoTime() - start);
  }
}
