package dev.penstock.bench.parts;

import dev.penstock.bench.Nodes;
import dev.penstock.bench.bare.BareRabbit;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.CpuShares;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** What the part {@code cluster} has measured, and its tables. */
final class ClusterFigures {
  private static final double RATE_AIM = 3_000;
  private static final double LATENCY_AIM = 4;
  private static final int DIGITS = 3;
  private static final double NANOS_PER_MILLI = 1e6;

  /**
   * A measurement of Penstock.
   *
   * @param list tasks in a request
   * @param bare how many bare ones came before it
   * @param submitted tasks a second
   * @param completed tasks a second; not a number: nobody worked
   */
  record Sample(
      String nodes,
      int list,
      int bare,
      double submitted,
      double completed,
      Map<String, Double> cpu) {
    boolean worked() {
      return !Double.isNaN(completed);
    }

    double rate() {
      return worked() ? completed : submitted;
    }
  }

  /** A measurement of the brokers alone, each a second. */
  record Bare(
      double messages,
      Map<String, Double> rabbitCpu,
      double tasks,
      Map<String, Double> redisCpu,
      double commands) {}

  private record Row(String nodes, int list) {}

  private final Map<Row, List<Sample>> samples = new LinkedHashMap<>();
  private final List<Bare> bare = new ArrayList<>();
  private final Map<String, List<Histogram>> latencies = new LinkedHashMap<>();
  private final List<BareRabbit.Latencies> bareLatencies = new ArrayList<>();
  private final Set<String> leftOut = new LinkedHashSet<>();

  Sample sample(
      String nodes, int list, double submitted, double completed, Map<String, Double> cpu) {
    return new Sample(nodes, list, bare.size(), submitted, completed, cpu);
  }

  void add(Sample sample) {
    samples
        .computeIfAbsent(new Row(sample.nodes(), sample.list()), _ -> new ArrayList<>())
        .add(sample);
  }

  void bare(Bare measured) {
    bare.add(measured);
  }

  void latency(String nodes, Histogram measured) {
    latencies.computeIfAbsent(nodes, _ -> new ArrayList<>()).add(measured);
  }

  void bareLatencies(BareRabbit.Latencies measured) {
    bareLatencies.add(measured);
  }

  /** There was no time left for these. */
  void leftOut(String nodes) {
    leftOut.add(nodes);
  }

  void report(Report report, int messageSize) {
    samples.forEach((row, measured) -> {
      if (row.list() > 1 && measured.getFirst().worked()) {
        report.aim(
            Aim.atLeast("lists of " + row.list() + ", " + row.nodes(), RATE_AIM, "tasks/s"),
            spread(measured, Sample::rate).median());
      }
    });
    latencies.forEach((nodes, measured) ->
        report.aim(
            Aim.atMost("one at a time, " + nodes + " (p50)", LATENCY_AIM, "ms"),
            percentile(measured, 50).median()));
    report.section("Ping tasks on RabbitMQ and Redis", rates(messageSize), ratesTable());
    report.section(
        "The brokers alone",
        """
        In the same run, a round before and after each of the above. What RabbitMQ and Redis give a
        client that does nothing else; the generator is that client.
        """,
        bareTable());
    report.section(
        "Submit to result on RabbitMQ and Redis",
        """
        One client sends `POST /v1/tasks` with `wait_seconds` and gets the result in the reply; then
        it sends the next. Median (min–max) over the visits to each number of workers. For
        comparison one message at a time through RabbitMQ alone.
        """,
        latencyTable());
  }

  private String rates(int messageSize) {
    String late =
        leftOut.isEmpty()
            ? ""
            : "\n**Cut short for lack of time:** " + String.join(", ", leftOut) + ".";
    return """
    `POST /v1/tasks`, %d clients, closed loop, median (min–max). End to end is from the first
    request to the last task's `finished_at`, every task looked up afterwards and found
    completed. Redis syncs its append-only file every second; RabbitMQ confirms persistent
    messages in a durable classic queue. The ratios come first: each round's rate as a part of what
    the bare brokers gave in the rounds right before and after it. Bare RabbitMQ: messages of a
    ping task's size (%d bytes) published with 1,000 unconfirmed at most, consumed meanwhile and
    acknowledged in groups of 50. Bare Redis: three scripts a task with the commands of insert,
    claim and settle, pipelined. CPU is the part of the whole machine's, from the first request
    to the end of the task submitted last.%s
    """
        .formatted(PingPart.CLIENTS, messageSize, late);
  }

  private Report.Table ratesTable() {
    var table =
        new Report.Table(
            "submitted",
            "nodes",
            "% of bare RabbitMQ",
            "% of bare Redis",
            "completed/s, end to end",
            "submitted/s",
            "runs",
            "CPU generator",
            "CPU http / workers / RabbitMQ / Redis");
    for (int list : List.of(PingPart.LIST, 1)) {
      samples.forEach((row, measured) -> {
        if (row.list() == list) {
          table.row(
              list == 1 ? "one a request" : "lists of " + list,
              row.nodes(),
              ratio(measured, Bare::messages),
              ratio(measured, Bare::tasks),
              measured.getFirst().worked() ? spread(measured, Sample::completed).text(0) : "",
              spread(measured, Sample::submitted).text(0),
              measured.size(),
              cpu(measured, CpuShares.GENERATOR),
              String.join(
                  " / ",
                  cpu(measured, Nodes.HTTP),
                  cpu(measured, Nodes.WORKERS),
                  cpu(measured, Nodes.RABBITMQ),
                  cpu(measured, Nodes.REDIS)));
        }
      });
    }
    return table;
  }

  private Report.Table bareTable() {
    var table = new Report.Table("bare", "a second", "rounds", "CPU generator", "CPU broker");
    table.row(
        "RabbitMQ: messages published, confirmed, delivered, acknowledged",
        spread(bare, Bare::messages).text(0),
        bare.size(),
        share(bare, b -> part(b.rabbitCpu(), CpuShares.GENERATOR)),
        share(bare, b -> part(b.rabbitCpu(), Nodes.RABBITMQ)));
    table.row(
        "Redis: tasks inserted, claimed and settled by a script each",
        spread(bare, Bare::tasks).text(0),
        bare.size(),
        share(bare, b -> part(b.redisCpu(), CpuShares.GENERATOR)),
        share(bare, b -> part(b.redisCpu(), Nodes.REDIS)));
    table.row(
        "Redis: SET and GET, pipelines of 100",
        spread(bare, Bare::commands).text(0),
        bare.size(),
        "",
        "");
    return table;
  }

  private Report.Table latencyTable() {
    var table = new Report.Table("submit to result", "p50 ms", "p99 ms", "max ms", "requests");
    latencies.forEach((nodes, measured) -> latencyRow(table, nodes, measured));
    latencyRow(
        table,
        "bare RabbitMQ: publish to confirm",
        bareLatencies.stream().map(BareRabbit.Latencies::confirm).toList());
    latencyRow(
        table,
        "bare RabbitMQ: publish to delivery",
        bareLatencies.stream().map(BareRabbit.Latencies::delivery).toList());
    return table;
  }

  private static void latencyRow(Report.Table table, String name, List<Histogram> measured) {
    var all = new Histogram(DIGITS);
    measured.forEach(all::add);
    table.row(
        name,
        percentile(measured, 50).text(2),
        percentile(measured, 99).text(2),
        Format.millis(all.getMaxValue()),
        all.getTotalCount());
  }

  private static Spread percentile(List<Histogram> measured, double percentile) {
    return spread(measured, it -> it.getValueAtPercentile(percentile) / NANOS_PER_MILLI);
  }

  /** Each sample against the mean of the bare ones right before and after it. */
  private String ratio(List<Sample> measured, ToDoubleFunction<Bare> what) {
    return spread(
            measured,
            sample -> {
              Bare before = bare.get(Math.max(0, sample.bare() - 1));
              Bare after = bare.get(Math.min(bare.size() - 1, sample.bare()));
              return 200 * sample.rate() / (what.applyAsDouble(before) + what.applyAsDouble(after));
            })
        .text(1);
  }

  private static String cpu(List<Sample> measured, String group) {
    return share(measured, sample -> part(sample.cpu(), group));
  }

  private static double part(Map<String, Double> shares, String group) {
    return shares.getOrDefault(group, 0.0);
  }

  private static <T> String share(Collection<T> measured, ToDoubleFunction<T> what) {
    return Format.percent(spread(measured, what).median());
  }

  private static <T> Spread spread(Collection<T> measured, ToDoubleFunction<T> what) {
    return Spread.of(measured.stream().mapToDouble(what).toArray());
  }
}
