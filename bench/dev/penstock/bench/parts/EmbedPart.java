package dev.penstock.bench.parts;

import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.WarmUp;
import dev.penstock.bench.bare.Bare;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.bench.bare.BareSetting;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.BarChart;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import dev.penstock.bench.report.Svg;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** {@code /v1/embeddings} beside the same model run bare, in turns, on the same texts. */
public final class EmbedPart implements Part {
  /** Requests that keep a CPU busy, and how near to the bare model they should come. */
  private static final Map<Cell, Double> BUSY =
      new TreeMap<>(Map.of(new Cell(1, 32), 95.0, new Cell(8, 32), 95.0, new Cell(32, 1), 90.0));

  private static final double MIN_COSINE = 0.9999;
  private static final double OPEN_LOAD = 0.5;
  private static final int OPEN_SPANS = 2;
  private static final int MIN_OPEN = 10;
  private static final int FEW = 100;
  private static final String CPU = "CPU server / generator";
  private static final int WARM_UP_INPUTS = 8;
  private static final int WARM_UP_CLIENTS = 8;

  private final BarChart chart =
      new BarChart(
          "Embeddings: Penstock beside the same model run bare",
          "texts/s",
          List.of("Penstock", "best bare run, no server"));

  /** Of the kind of texts that is being measured, from as many clients as there are at most. */
  private final List<BarChart.Group> groups = new ArrayList<>();

  private boolean bareFirst;

  private record Cell(int inputs, int clients) implements Comparable<Cell> {
    @Override
    public int compareTo(Cell other) {
      return Integer.compare(inputs, other.inputs);
    }

    /** What the bare model may know at once: one client shows it a request's texts. */
    int known(List<String> texts) {
      return clients == 1 ? inputs : texts.size();
    }

    String name() {
      return inputs
          + (inputs == 1 ? " text × " : " texts × ")
          + clients
          + (clients == 1 ? " client" : " clients");
    }
  }

  @Override
  public void run(Session session) throws Exception {
    try (Server server = Server.start(session.scratch(), Server.withoutCache(Map.of()));
        Bare bare = Bare.open()) {
      session.say("warm-up");
      WarmUp.run(
          session, server, Kind.MIXED, WARM_UP_INPUTS, WARM_UP_CLIENTS, session.plan().warmUp());
      bare.calibrate(session);
      try (Server durable =
          Server.start(
              session.scratch(), Server.withoutCache(Map.of("EMBEDDING_DIRECT", "false")))) {
        int _ =
            OneAtATime.run(
                session,
                "One at a time",
                List.of(
                    OneAtATime.Way.direct("run directly", server),
                    OneAtATime.Way.task("as a task, SQLite", durable, 3)),
                bare.single());
      }
      busy(session, server, bare);
      shapes(session, server, bare);
    }
  }

  private void busy(Session session, Server server, Bare bare) throws Exception {
    var table =
        new Report.Table(
            "mixed texts",
            "Penstock texts/s",
            "bare texts/s",
            "ratio in %",
            "bare setting",
            "rounds");
    List<BareSetting> rivals = bare.best(Kind.MIXED).subList(0, 2);
    List<BarChart.Group> bars = new ArrayList<>();
    for (Cell cell : BUSY.keySet()) {
      List<Double> ours = new ArrayList<>();
      Map<BareSetting, List<Double>> theirs = new HashMap<>();
      for (int i = 0; i < session.plan().rounds() && !(session.late() && i > 0); i++) {
        session.say("mixed, " + cell.name() + ", round " + (i + 1));
        List<String> texts = texts(session, bare, Kind.MIXED, cell);
        // A B C, then C B A: drift hits all alike.
        List<BareSetting> order = i % 2 == 0 ? rivals : rivals.reversed();
        if (i % 2 == 0) {
          ours.add(closed(server, bare, cell, texts).textsPerSecond());
        }
        for (BareSetting rival : order) {
          theirs
              .computeIfAbsent(rival, _ -> new ArrayList<>())
              .add(bare.textsPerSecond(rival, texts, cell.known(texts)));
        }
        if (i % 2 != 0) {
          ours.add(closed(server, bare, cell, texts).textsPerSecond());
        }
      }
      BareSetting best =
          rivals.stream()
              .max((a, b) -> Double.compare(median(theirs, a), median(theirs, b)))
              .orElseThrow();
      List<Double> rates = theirs.getOrDefault(best, List.of());
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < ours.size(); i++) {
        ratios.add(100 * ours.get(i) / rates.get(i));
      }
      Spread ratio = Spread.of(ratios);
      session
          .report()
          .aim(
              Aim.atLeast(
                  "mixed texts, " + cell.name() + ", of the best bare run",
                  BUSY.getOrDefault(cell, 0.0),
                  "%"),
              ratio.median());
      bars.add(group(cell, Spread.of(ours), Spread.of(rates), ratio.median() / 100));
      table.row(
          cell.name(),
          Spread.of(ours).text(0),
          Spread.of(rates).text(0),
          ratio.text(1),
          best.name(),
          ours.size());
    }
    chart.panel("mixed texts", bars);
    session
        .report()
        .section(
            "Throughput with an aim",
            """
            Each round gives the same texts to Penstock and to the two best bare settings, in turns
            and in an order that is reversed every round. Median (min–max); the ratio is taken
            round by round, against the better setting. The bare run knows all texts at once, but
            for one client: then those of one request.
            """,
            table);
  }

  private static BarChart.Group group(Cell cell, Spread ours, Spread bare, double ratio) {
    return new BarChart.Group(
        cell.name(),
        List.of(
            BarChart.Bar.of(ours, Svg.figure(ours.median()) + ", " + Format.percent(ratio)),
            BarChart.Bar.of(bare, Svg.figure(bare.median()))));
  }

  private static double median(Map<BareSetting, List<Double>> rates, BareSetting setting) {
    return Spread.of(rates.getOrDefault(setting, List.of())).median();
  }

  /** Every kind whole before the next: where time runs out, it is for the last one. */
  private void shapes(Session session, Server server, Bare bare) throws Exception {
    var closed =
        new Report.Table(
            "texts",
            "inputs",
            "clients",
            "Penstock texts/s",
            "bare texts/s",
            "ratio",
            "p50 ms",
            "p99 ms",
            "requests",
            CPU);
    var open =
        new Report.Table(
            "texts",
            "inputs",
            "requests/s",
            "texts/s",
            "p50 ms",
            "p99 ms",
            "max ms",
            "requests",
            CPU);
    for (Kind kind : session.plan().kinds()) {
      for (int inputs : session.plan().inputs()) {
        double most = 0;
        for (int clients : session.plan().clients()) {
          most = Math.max(most, closedRow(session, server, bare, kind, inputs, clients, closed));
        }
        openRow(session, server, kind, inputs, OPEN_LOAD * most, open);
      }
      if (kind != Kind.MIXED) {
        chart.panel(kind.label() + " texts", List.copyOf(groups));
      }
      groups.clear();
    }
    session
        .report()
        .chart(
            "bench-embeddings",
            "Bars: texts a second of Penstock and of the best bare run, by kind of texts and shape"
                + " of requests; the tables below have the figures",
            chart.svg());
    session
        .report()
        .section(
            "All shapes of requests",
            """
            Closed loop: a client sends its next request when it has its reply. One run each,
            beside a bare run on the same texts right before or after it. One client with one text
            keeps one core busy at most, the bare run all of them. CPU is the part of the whole
            machine's. Rows with "no time" fell to the limit of the whole run: `make bench
            ARGS="embed --minutes 60"` has them.
            """,
            closed);
    session
        .report()
        .section(
            "Latency at half load",
            """
            Open loop: requests go out at a fixed rate, %s of the most that such requests reached
            above, and latency counts from the moment each was meant to be sent.
            """
                .formatted(Format.percent(OPEN_LOAD)),
            open);
  }

  /** Returns texts a second; 0 when there was no time to measure. */
  private double closedRow(
      Session session,
      Server server,
      Bare bare,
      Kind kind,
      int inputs,
      int clients,
      Report.Table table)
      throws Exception {
    if (session.late()) {
      table.row(kind.label(), inputs, clients, "no time", "", "", "", "", "", "");
      return 0;
    }
    var cell = new Cell(inputs, clients);
    session.say(kind.label() + ", " + cell.name());
    List<String> texts = texts(session, bare, kind, cell);
    double before = bareFirst ? bare.textsPerSecond(kind, texts) : 0;
    Measured measured = closed(server, bare, cell, texts);
    double reference = bareFirst ? before : bare.textsPerSecond(kind, texts);
    bareFirst = !bareFirst;
    double rate = measured.textsPerSecond();
    if (clients == session.plan().clients().getLast()) {
      groups.add(group(cell, Spread.of(rate), Spread.of(reference), rate / reference));
    }
    Histogram latency = measured.result().latency();
    table.row(
        kind.label(),
        inputs,
        clients,
        Format.rate(rate),
        Format.rate(reference),
        Format.percent(rate / reference),
        Format.millis(latency.getValueAtPercentile(50)),
        p99(latency),
        latency.getTotalCount(),
        Format.cpu(measured.result().cpu()));
    return rate;
  }

  private static void openRow(
      Session session,
      Server server,
      Kind kind,
      int inputs,
      double textsPerSecond,
      Report.Table table)
      throws Exception {
    if (session.late() || textsPerSecond == 0) {
      table.row(kind.label(), inputs, "no time", "", "", "", "", "", "");
      return;
    }
    session.say(kind.label() + ", " + inputs + " a request, open loop");
    double rate = textsPerSecond / inputs;
    double seconds = OPEN_SPANS * session.plan().span().toNanos() / 1e9;
    int count = Math.max(MIN_OPEN, (int) Math.round(rate * seconds));
    List<byte[]> requests =
        server.embeddings(BareModel.NAME, session.texts().take(kind, count * inputs), inputs);
    Load.Result result = Load.open(server.uri(), server.cpu(), requests, rate);
    Histogram latency = result.latency();
    table.row(
        kind.label(),
        inputs,
        Format.rate(rate),
        Format.rate(textsPerSecond),
        Format.millis(latency.getValueAtPercentile(50)),
        p99(latency),
        Format.millis(latency.getMaxValue()),
        count,
        Format.cpu(result.cpu()));
  }

  /** Of few requests, the 99th percentile is the slowest one. */
  private static String p99(Histogram latency) {
    return latency.getTotalCount() < FEW
        ? Format.millis(latency.getMaxValue()) + " (max)"
        : Format.millis(latency.getValueAtPercentile(99));
  }

  /** As many texts as one measurement should take, and at least one request for each client. */
  private static List<String> texts(Session session, Bare bare, Kind kind, Cell cell) {
    double seconds = session.plan().span().toNanos() / 1e9;
    boolean alone = cell.inputs() * cell.clients() == 1;
    double wanted = bare.rate(kind) * (alone ? seconds / 2 : seconds);
    long requests = Math.max(cell.clients(), Math.round(wanted / cell.inputs()));
    return session.texts().take(kind, Math.toIntExact(requests * cell.inputs()));
  }

  private record Measured(Load.Result result, double textsPerSecond) {}

  private static Measured closed(Server server, Bare bare, Cell cell, List<String> texts)
      throws Exception {
    List<byte[]> requests = server.embeddings(BareModel.NAME, texts, cell.inputs());
    Load.Result result = Load.closed(server.uri(), server.cpu(), requests, cell.clients());
    check(bare.single(), texts, Server.vectors(result.replies().getFirst()));
    return new Measured(result, result.perSecond(texts.size()));
  }

  /** Speed counts only where the answer is right. */
  static void check(BareModel bare, List<String> texts, List<float[]> vectors) throws Exception {
    for (int i = 0; i < vectors.size(); i++) {
      float[] reference = bare.run(List.of(bare.tokenise(texts.get(i))))[0];
      BareModel.requireAlike(texts.get(i), vectors.get(i), reference, MIN_COSINE);
    }
  }
}
