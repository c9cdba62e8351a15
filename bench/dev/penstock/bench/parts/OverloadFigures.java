package dev.penstock.bench.parts;

import dev.penstock.bench.parts.Vitals.Sample;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import dev.penstock.bench.report.TimeChart;
import dev.penstock.bench.report.TimeChart.Line;
import dev.penstock.bench.report.TimeChart.Point;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * What came of {@link OverloadPart}: tables, and a picture over time.
 *
 * @param capacity tasks a second that the server did without too much to do
 * @param accepted latencies of requests that were taken
 * @param refused latencies of those that were not
 * @param statuses the statuses these had
 */
record OverloadFigures(
    OverloadPart.Run run,
    List<SteadyLane.Life> lives,
    Spread capacity,
    Histogram accepted,
    Histogram refused,
    String statuses) {
  private static final double AIM_DONE = 80;
  private static final double AIM_MEMORY = 110;
  private static final double AIM_READY_MS = 500;
  private static final double DEPTH_STEP = 0.25;

  void report(Report report) {
    double seconds = run.to() - run.from();
    double done = done(run.from(), run.to()) / seconds;
    double middle = (run.from() + run.to()) / 2;
    DoubleSummaryStatistics first = resident(at -> at >= run.from() && at < middle);
    DoubleSummaryStatistics second = resident(at -> at >= middle && at < run.to());
    report.aim(
        Aim.atLeast("completed under ten times the load, of the capacity", AIM_DONE, "%"),
        100 * done / capacity.median());
    report.aim(
        Aim.atMost("most resident, second half of the overload, of the first", AIM_MEMORY, "%"),
        100 * second.getMax() / first.getMax());
    Histogram ready = run.vitals().latency(OverloadPart.READY);
    report.aim(
        Aim.atMost("`/health/ready` under overload (p99)", AIM_READY_MS, "ms"),
        ready.getValueAtPercentile(99) / 1e6);
    var work = new Report.Table("tasks", "a second", "of the capacity", "in all");
    work.row("capacity: median (min–max) before and after", capacity.text(1), "100 %", "");
    row(work, "offered", run.offered(), Integer.toString(run.texts().size() - run.unsent()));
    row(work, "completed meanwhile", done, Integer.toString(done(run.from(), run.to())));
    row(work, "accepted, all completed", Double.NaN, Integer.toString(lives.size()));
    row(work, "refused, " + statuses, Double.NaN, Long.toString(refused.getTotalCount()));
    row(work, "not sent: all connections in use", Double.NaN, Integer.toString(run.unsent()));
    report.section(
        "Ten times the capacity",
        """
        Texts of mixed length, each a `POST /v1/tasks` with `wait_seconds`, in an open loop for
        %.0f s, with `http.max-held-requests` at %d and a heap of %d MB at most. CPU of server
        and generator, which share the machine: %s. Every refusal is 429 or 503 with
        `Retry-After` and OpenAI's form of an error; every accepted task is looked up afterwards
        and found completed, and the vectors of some are compared with the bare model's.
        """
            .formatted(seconds, OverloadPart.HELD, OverloadPart.HEAP_MB, Format.cpu(run.cpu())),
        work,
        latencies(),
        memory(first, second));
    report.chart(
        "bench-overload",
        ("Three charts over time: memory, tasks accepted and not done, and tasks completed a second,"
                + " before, during and after %.0f seconds of ten times the load")
            .formatted(seconds),
        chart().svg());
  }

  private void row(Report.Table table, String what, double rate, String all) {
    boolean none = Double.isNaN(rate);
    table.row(
        what,
        none ? "" : Format.rate(rate),
        none ? "" : Format.percent(rate / capacity.median()),
        all);
  }

  private int done(double from, double to) {
    return (int) lives.stream().filter(life -> life.endedIn(new SteadyLane.Span(from, to))).count();
  }

  private DoubleSummaryStatistics resident(Predicate<Double> when) {
    return run.vitals().samples().stream()
        .filter(sample -> when.test(sample.at()))
        .mapToDouble(Sample::resident)
        .summaryStatistics();
  }

  private Report.Table latencies() {
    var table =
        new Report.Table("request, under overload", "p50 ms", "p99 ms", "max ms", "requests");
    latency(table, "accepted, until its result", accepted);
    latency(table, "refused", refused);
    run.vitals()
        .latencies()
        .forEach((path, latency) ->
            latency(table, "`GET " + path.replaceFirst("/tasks/.*", "/tasks/<id>") + "`", latency));
    return table;
  }

  private static void latency(Report.Table table, String name, Histogram latency) {
    table.row(
        name,
        Format.millis(latency.getValueAtPercentile(50)),
        Format.millis(latency.getValueAtPercentile(99)),
        Format.millis(latency.getMaxValue()),
        latency.getTotalCount());
  }

  private Report.Table memory(DoubleSummaryStatistics first, DoubleSummaryStatistics second) {
    var table = new Report.Table("resident", "least MB", "most MB");
    memory(table, "before", resident(at -> at < run.from()));
    memory(table, "overload, first half", first);
    memory(table, "overload, second half", second);
    memory(table, "after", resident(at -> at >= run.to()));
    return table;
  }

  private static void memory(Report.Table table, String when, DoubleSummaryStatistics resident) {
    table.row(when, whole(resident.getMin()), whole(resident.getMax()));
  }

  private static String whole(double value) {
    return String.format(Locale.ROOT, "%.0f", value);
  }

  private TimeChart chart() {
    List<Sample> samples = run.vitals().samples();
    double from = samples.getFirst().at() - run.from();
    double to = samples.getLast().at() - run.from();
    var chart =
        new TimeChart(
            "Ten times the capacity: memory, queue and work done", from, to, run.to() - run.from());
    chart.panel(
        "Memory, MB",
        line("resident", 0, samples, Sample::resident),
        line("heap in use", 2, samples, Sample::heap));
    List<Point> depth = new ArrayList<>();
    for (double at = from; at <= to; at += DEPTH_STEP) {
      double moment = run.from() + at;
      depth.add(new Point(at, lives.stream().filter(life -> life.openAt(moment)).count()));
    }
    chart.panel(
        "Accepted and not done, tasks",
        new Line("measured", 0, false, depth),
        chart.bound("limit", OverloadPart.HELD));
    List<Point> rates = new ArrayList<>();
    for (double at = Math.ceil(from); at + 1 <= to; at++) {
      rates.add(new Point(at + 0.5, done(run.from() + at, run.from() + at + 1)));
    }
    chart.panel(
        "Completed, tasks/s",
        new Line("measured", 0, false, rates),
        chart.bound("capacity", capacity.median()));
    return chart;
  }

  private Line line(
      String name, int colour, List<Sample> samples, ToDoubleFunction<Sample> figure) {
    return new Line(
        name,
        colour,
        false,
        samples.stream()
            .map(sample -> new Point(sample.at() - run.from(), figure.applyAsDouble(sample)))
            .toList());
  }
}
