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
  private static final double DIRECT_P50 = 1;
  private static final double DIRECT_P99 = 3;
  private static final double MIN_COSINE = 0.9999;

  private final List<Way> ways;
  private final BareModel bare;
  private final Histogram alone = new Histogram(DIGITS);

  /**
   * A server, what its requests took and what it answered.
   *
   * @param p50 what it may take more than the bare model at the median, in milliseconds
   * @param p99 the same of the slowest; 0: there is no aim
   */
  record Way(
      String name, Server server, double p50, double p99, Histogram latency, List<byte[]> replies) {

    static Way direct(String name, Server server) {
      return new Way(
          name, server, DIRECT_P50, DIRECT_P99, new Histogram(DIGITS), new ArrayList<>());
    }

    /** A server for which every request is a task. */
    static Way task(String name, Server server, double p50) {
      return new Way(name, server, p50, 0, new Histogram(DIGITS), new ArrayList<>());
    }

    private void ask(Connection connection, String text) throws IOException {
      byte[] request = server.embeddings(BareModel.NAME, List.of(text));
      long start = System.nanoTime();
      byte[] reply = connection.ask(request);
      latency.recordValue(System.nanoTime() - start);
      replies.add(reply);
    }
  }

  private OneAtATime(List<Way> ways, BareModel bare) {
    this.ways = ways;
    this.bare = bare;
  }

  /** Returns how many requests each server got. */
  static int run(Session session, String title, List<Way> ways, BareModel bare) throws Exception {
    session.say("one at a time");
    var measure = new OneAtATime(ways, bare);
    measure.rounds(session, WARM_UP);
    measure.alone.reset();
    ways.forEach(way -> way.latency().reset());
    int count = PAIRS * session.plan().pairs();
    measure.rounds(session, count);
    measure.describe(session, title, count);
    return WARM_UP + count;
  }

  /** The same text every way, each way first as often as the others. */
  private void rounds(Session session, int count) throws IOException, OrtException {
    List<String> texts = session.texts().take(Kind.SHORT, count);
    List<float[]> vectors = new ArrayList<>();
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
            vectors.add(compute(texts.get(i)));
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
    for (Way way : ways) {
      check(way, vectors);
      way.replies().clear();
    }
  }

  private float[] compute(String text) throws OrtException {
    long start = System.nanoTime();
    float[] vector = bare.run(List.of(bare.tokenise(text)))[0];
    alone.recordValue(System.nanoTime() - start);
    return vector;
  }

  private static void check(Way way, List<float[]> vectors) throws IOException {
    for (int i = 0; i < vectors.size(); i++) {
      float[] vector = Server.vectors(way.replies().get(i)).getFirst();
      BareModel.requireAlike(way.name(), vector, vectors.get(i), MIN_COSINE);
    }
  }

  private void describe(Session session, String title, int count) {
    var table =
        new Report.Table(
            "one short text", "more than bare, p50 ms", "p99 ms", "p50 ms", "p99 ms", "max ms");
    for (Way way : ways) {
      double more50 = more(way, 50);
      double more99 = more(way, PERCENT);
      aim(session, way, "p50", way.p50(), more50);
      if (way.p99() > 0) {
        aim(session, way, "p99", way.p99(), more99);
      }
      row(table, way.name(), way.latency(), millis(more50), millis(more99));
    }
    row(table, "bare: tokenise and run", alone, "", "");
    session
        .report()
        .chart(
            "bench-" + title.toLowerCase(Locale.ROOT).replace(' ', '-'),
            "Bars: median and 99th percentile of the time one short text takes, run directly, as a"
                + " task, and by the bare model; the table below has the figures",
            chart(title));
    session
        .report()
        .section(
            title,
            """
            %d rounds: the same text as a held `POST /v1/embeddings` on a kept connection to each
            server, and bare, one thread a run, in turns that begin with another one each time.
            """
                .formatted(count),
            table);
  }

  private static void aim(Session session, Way way, String of, double most, double measured) {
    String figure = "one at a time, " + way.name() + ", over bare (" + of + ")";
    session.report().aim(Aim.atMost(figure, most, "ms"), measured);
  }

  private String chart(String title) {
    List<BarChart.Group> groups = new ArrayList<>();
    for (Way way : ways) {
      groups.add(group(way.name(), way.latency()));
    }
    groups.add(group("bare model, no server", alone));
    var chart =
        new BarChart(
            title + ": a short text, from request to vector",
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
