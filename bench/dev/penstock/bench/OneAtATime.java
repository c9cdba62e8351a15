package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.bench.Texts.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What the way through the program adds to one short text, when nothing else is going on: run
 * directly, and as a task.
 */
final class OneAtATime {
  private static final int DIGITS = 3;
  private static final int WARM_UP = 500;
  private static final int PAIRS = 4;
  private static final int PERCENT = 99;

  private final List<Way> ways;
  private final BareModel bare;
  private final Histogram alone = new Histogram(DIGITS);

  /** A server and what its requests took. */
  private record Way(String name, Server server, double aim, Histogram latency) {
    Way(String name, Server server, double aim) {
      this(name, server, aim, new Histogram(DIGITS));
    }

    void ask(Connection connection, String text) throws IOException {
      byte[] request = server.embeddings(BareModel.NAME, List.of(text));
      long start = System.nanoTime();
      connection.ask(request);
      latency.recordValue(System.nanoTime() - start);
    }
  }

  private OneAtATime(List<Way> ways, BareModel bare) {
    this.ways = ways;
    this.bare = bare;
  }

  /**
   * @param durable a server for which every request is a task
   */
  static void run(Session session, Server direct, Server durable, BareModel bare) throws Exception {
    session.say("one at a time");
    var measure =
        new OneAtATime(
            List.of(new Way("run directly", direct, 1), new Way("as a task, SQLite", durable, 3)),
            bare);
    measure.rounds(session, WARM_UP);
    measure.alone.reset();
    measure.ways.forEach(way -> way.latency().reset());
    measure.rounds(session, PAIRS * session.plan().pairs());
    measure.describe(session);
  }

  /** The same text every way, each way first as often as the others. */
  private void rounds(Session session, int count) throws IOException, OrtException {
    List<String> texts = session.texts().take(Kind.SHORT, count);
    List<Connection> connections = new ArrayList<>();
    try {
      for (Way way : ways) {
        connections.add(new Connection(way.server().uri()));
      }
      int all = ways.size() + 1;
      for (int i = 0; i < count; i++) {
        for (int turn = 0; turn < all; turn++) {
          int place = (i + turn) % all;
          if (place == ways.size()) {
            compute(texts.get(i));
          } else {
            ways.get(place).ask(connections.get(place), texts.get(i));
          }
        }
      }
    } finally {
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }

  private void compute(String text) throws OrtException {
    long start = System.nanoTime();
    bare.run(List.of(bare.tokenise(text)));
    alone.recordValue(System.nanoTime() - start);
  }

  private void describe(Session session) {
    var table =
        new Report.Table(
            "one short text", "more than bare, p50 ms", "p99 ms", "p50 ms", "p99 ms", "max ms");
    for (Way way : ways) {
      double more = more(way, 50);
      session
          .report()
          .aim(
              Aim.atMost("one at a time, " + way.name() + ", over bare (p50)", way.aim(), "ms"),
              more);
      row(table, way.name(), way.latency(), millis(more), millis(more(way, PERCENT)));
    }
    session
        .report()
        .aim(
            Aim.atMost("one at a time, run directly, over bare (p99)", 3, "ms"),
            more(ways.getFirst(), PERCENT));
    row(table, "bare: tokenise and run", alone, "", "");
    session
        .report()
        .chart(
            "bench-one-at-a-time",
            "Bars: median and 99th percentile of the time one short text takes, run directly, as a"
                + " task, and by the bare model; the table One at a time has the figures",
            chart());
    session
        .report()
        .section(
            "One at a time",
            """
            %d rounds: the same text as a held `POST /v1/embeddings` on a kept connection to each
            server, and bare, one thread a run, in turns that begin with another one each time.
            """
                .formatted(PAIRS * session.plan().pairs()),
            table);
  }

  private String chart() {
    List<BarChart.Group> groups = new ArrayList<>();
    for (Way way : ways) {
      groups.add(group(way.name(), way.latency()));
    }
    groups.add(group("bare model, no server", alone));
    var chart =
        new BarChart(
            "One short text at a time, from request to vector",
            "ms",
            List.of("median (p50)", "99th percentile (p99)"));
    chart.panel("latency, less is better", groups);
    return chart.svg();
  }

  private static BarChart.Group group(String name, Histogram latency) {
    return new BarChart.Group(
        name,
        List.of(
            BarChart.Bar.of(latency.getValueAtPercentile(50) / 1e6),
            BarChart.Bar.of(latency.getValueAtPercentile(PERCENT) / 1e6)));
  }

  private double more(Way way, int percentile) {
    return (way.latency().getValueAtPercentile(percentile) - alone.getValueAtPercentile(percentile))
        / 1e6;
  }

  private static String millis(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static void row(
      Report.Table table, String name, Histogram latency, String more50, String more99) {
    table.row(
        name,
        more50,
        more99,
        Format.millis(latency.getValueAtPercentile(50)),
        Format.millis(latency.getValueAtPercentile(PERCENT)),
        Format.millis(latency.getMaxValue()));
  }
}
