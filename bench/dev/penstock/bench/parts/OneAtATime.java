package dev.penstock.bench.parts;

import ai.onnxruntime.OrtException;
import dev.penstock.bench.Connection;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.BarChart;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
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
  private static final int BLOCK = 100;
  private static final int PERCENT = 99;
  private static final double DIRECT_P50 = 1;
  private static final double DIRECT_P99 = 3;
  private static final double MIN_COSINE = 0.9999;

  private final List<Way> ways;
  private final BareModel bare;

  /**
   * A server, what its requests took, what the bare model took for each of them, and what both
   * answered.
   *
   * @param p50 what it may take more than the bare model at the median, in milliseconds
   * @param p99 the same of the slowest; 0: there is no aim
   */
  record Way(
      String name,
      Server server,
      double p50,
      double p99,
      Histogram latency,
      Histogram bare,
      List<byte[]> replies,
      List<float[]> vectors) {

    static Way direct(String name, Server server) {
      return of(name, server, DIRECT_P50, DIRECT_P99);
    }

    /** A server for which every request is a task. */
    static Way task(String name, Server server, double p50) {
      return of(name, server, p50, 0);
    }

    private static Way of(String name, Server server, double p50, double p99) {
      return new Way(
          name,
          server,
          p50,
          p99,
          new Histogram(DIGITS),
          new Histogram(DIGITS),
          new ArrayList<>(),
          new ArrayList<>());
    }

    private void ask(Connection connection, String text) throws IOException {
      byte[] request = server.embeddings(BareModel.NAME, List.of(text));
      long start = System.nanoTime();
      byte[] reply = connection.ask(request);
      latency.recordValue(System.nanoTime() - start);
      replies.add(reply);
    }

    private void compute(BareModel model, String text) throws OrtException {
      long start = System.nanoTime();
      float[] vector = model.run(List.of(model.tokenise(text)))[0];
      bare.recordValue(System.nanoTime() - start);
      vectors.add(vector);
    }

    private void check() throws IOException {
      for (int i = 0; i < vectors.size(); i++) {
        float[] vector = Server.vectors(replies.get(i)).getFirst();
        BareModel.requireAlike(name, vector, vectors.get(i), MIN_COSINE);
      }
      replies.clear();
      vectors.clear();
    }

    private double more(int percentile) {
      return (latency.getValueAtPercentile(percentile) - bare.getValueAtPercentile(percentile))
          / 1e6;
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
    measure.pairs(session, WARM_UP);
    for (Way way : ways) {
      way.latency().reset();
      way.bare().reset();
    }
    int count = PAIRS * session.plan().pairs();
    measure.pairs(session, count);
    measure.describe(session, title, count);
    return WARM_UP + count;
  }

  /**
   * The same text to one server and to the bare model, each first as often as the other. Servers
   * take turns by the block: weights of a third process would push the others' out of the caches.
   */
  private void pairs(Session session, int count) throws IOException, OrtException {
    List<String> texts = session.texts().take(Kind.SHORT, count);
    List<Connection> connections = new ArrayList<>();
    try {
      for (Way way : ways) {
        connections.add(new Connection(way.server().uri()));
      }
      for (int begin = 0; begin < count; begin += BLOCK) {
        List<String> block = texts.subList(begin, Math.min(begin + BLOCK, count));
        for (int way = 0; way < ways.size(); way++) {
          pairs(ways.get(way), connections.get(way), block);
        }
      }
    } finally {
      for (Connection connection : connections) {
        connection.close();
      }
    }
    for (Way way : ways) {
      way.check();
    }
  }

  private void pairs(Way way, Connection connection, List<String> texts)
      throws IOException, OrtException {
    boolean first = true;
    for (String text : texts) {
      if (first) {
        way.ask(connection, text);
      }
      way.compute(bare, text);
      if (!first) {
        way.ask(connection, text);
      }
      first = !first;
    }
  }

  private void describe(Session session, String title, int count) {
    var table =
        new Report.Table(
            "one short text",
            "more than bare, p50 ms",
            "p99 ms",
            "p50 ms",
            "p99 ms",
            "max ms",
            "bare p50 ms",
            "bare p99 ms");
    for (Way way : ways) {
      aim(session, way, "p50", way.p50(), way.more(50));
      if (way.p99() > 0) {
        aim(session, way, "p99", way.p99(), way.more(PERCENT));
      }
      table.row(
          way.name(),
          String.format(Locale.ROOT, "%.2f", way.more(50)),
          String.format(Locale.ROOT, "%.2f", way.more(PERCENT)),
          Format.millis(way.latency().getValueAtPercentile(50)),
          Format.millis(way.latency().getValueAtPercentile(PERCENT)),
          Format.millis(way.latency().getMaxValue()),
          Format.millis(way.bare().getValueAtPercentile(50)),
          Format.millis(way.bare().getValueAtPercentile(PERCENT)));
    }
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
            For each row %d pairs: the same text as a held `POST /v1/embeddings` on a kept
            connection, and bare, tokenised and run by one thread, each first as often as the other.
            Rows take turns every %d pairs.
            """
                .formatted(count, BLOCK),
            table);
  }

  private static void aim(Session session, Way way, String of, double most, double measured) {
    String figure = "one at a time, " + way.name() + ", over bare (" + of + ")";
    session.report().aim(Aim.atMost(figure, most, "ms"), measured);
  }

  private String chart(String title) {
    List<BarChart.Group> groups = new ArrayList<>();
    var alone = new Histogram(DIGITS);
    for (Way way : ways) {
      groups.add(group(way.name(), way.latency()));
      alone.add(way.bare());
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
}
