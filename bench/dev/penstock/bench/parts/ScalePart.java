package dev.penstock.bench.parts;

import dev.penstock.bench.Brokers;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What a long queue costs: the same loop over a lane with 100,000 tasks before it and over one with
 * about 100, in turns. What more workers bring is {@link ClusterPart}'s.
 */
public final class ScalePart implements Part {
  /** What a worker leases at a time (inference.tasks-in-hand); these are not queued any more. */
  private static final int IN_HAND = 256;

  private static final int FEW = round(100 + IN_HAND);
  private static final int MANY = round(100_000 + IN_HAND);
  private static final int QUICKLY = round(10_000 + IN_HAND);
  private static final Duration LONGEST_SPAN = Duration.ofMillis(1_500);
  private static final double AIM = 90;

  private final boolean onBrokers;

  public ScalePart(boolean onBrokers) {
    this.onBrokers = onBrokers;
  }

  private static int round(int tasks) {
    int step = SteadyLane.CLIENTS * SteadyLane.LIST;
    return (tasks + step / 2) / step * step;
  }

  /** What both lanes go through, and what came of it. */
  private record Lane(SteadyLane backlog, List<SteadyLane.Span> spans) {
    Lane(SteadyLane backlog) {
      this(backlog, new ArrayList<>());
    }

    void work(Duration time) throws Exception {
      spans.add(backlog.work(time));
    }
  }

  /** Of one lane: tasks a second that came in and that were done, and how many were queued. */
  private record Figures(List<Double> submitted, List<Double> completed, Spread depths) {
    static Figures of(List<SteadyLane.Span> spans, List<SteadyLane.Life> lives) {
      List<Double> submitted = new ArrayList<>();
      List<Double> completed = new ArrayList<>();
      List<Double> depths = new ArrayList<>();
      for (SteadyLane.Span span : spans) {
        double seconds = span.to() - span.from();
        submitted.add(count(lives, life -> life.createdIn(span)) / seconds);
        completed.add(count(lives, life -> life.endedIn(span)) / seconds);
        for (double at : List.of(span.from(), (span.from() + span.to()) / 2, span.to())) {
          depths.add(count(lives, life -> life.queuedAt(at)));
        }
      }
      return new Figures(submitted, completed, Spread.of(depths));
    }

    private static double count(List<SteadyLane.Life> lives, Predicate<SteadyLane.Life> which) {
      return lives.stream().filter(which).count();
    }

    /** A task counts half when it comes in and half when it is done. */
    double rate(int round) {
      return (submitted.get(round) + completed.get(round)) / 2;
    }
  }

  @Override
  public void run(Session session) throws Exception {
    if (!onBrokers) {
      measure(session, Map.of(), Map.of());
      return;
    }
    session.say("start two RabbitMQs and two Redises");
    // One pair each: on shared brokers the lanes would be one.
    try (Brokers few = Brokers.start(session.scratch());
        Brokers many = Brokers.start(session.scratch())) {
      measure(session, few.settings(), many.settings());
    }
  }

  private void measure(Session session, Map<String, String> forFew, Map<String, String> forMany)
      throws Exception {
    int tasks = session.plan().isQuick() ? QUICKLY : MANY;
    Path scratch = session.scratch();
    try (Server fewServer = Server.start(scratch, pings(forFew));
        Server manyServer = Server.start(scratch, pings(forMany));
        SteadyLane few = new SteadyLane(fewServer, FEW)) {
      session.say("queue " + tasks + " tasks");
      try (SteadyLane many = new SteadyLane(manyServer, tasks)) {
        turns(session, new Lane(few), new Lane(many));
      }
    }
  }

  /** No model is needed. */
  private static Map<String, String> pings(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("MODEL_TYPE", "ping");
    return all;
  }

  private void turns(Session session, Lane few, Lane many) throws Exception {
    Duration wanted = session.plan().span();
    Duration span = wanted.compareTo(LONGEST_SPAN) < 0 ? wanted : LONGEST_SPAN;
    session.say("short and long queue, warm-up");
    long start = System.nanoTime();
    do {
      few.work(span);
      many.work(span);
    } while (System.nanoTime() - start < session.plan().warmUp().toNanos());
    few.spans().clear();
    many.spans().clear();
    List<Lane> order = List.of(few, many);
    for (int i = 0; i < 2 * session.plan().rounds(); i++) {
      session.say("short and long queue, round " + (i + 1));
      for (Lane lane : i % 2 == 0 ? order : order.reversed()) {
        lane.work(span);
      }
    }
    session.say("work both off, look every task up");
    few.backlog().drain();
    many.backlog().drain();
    describe(session, lives(few), lives(many));
  }

  private static Figures lives(Lane lane) throws Exception {
    return Figures.of(lane.spans(), lane.backlog().lives());
  }

  private void describe(Session session, Figures few, Figures many) {
    String queue = onBrokers ? "RabbitMQ and Redis" : "SQLite";
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < many.completed().size(); i++) {
      ratios.add(100 * many.rate(i) / few.rate(i));
    }
    Spread ratio = Spread.of(ratios);
    String long100 = session.plan().isQuick() ? "10,000" : "100,000";
    session
        .report()
        .aim(
            Aim.atLeast("rate with " + long100 + " queued, of that with 100, " + queue, AIM, "%"),
            ratio.median());
    var table =
        new Report.Table(
            "queued",
            "of the rate with 100, in %",
            "submitted/s",
            "completed/s",
            "tasks queued",
            "rounds");
    row(table, long100, ratio.text(1), many);
    row(table, "100", "", few);
    session
        .report()
        .section(
            "A long queue on " + queue,
            """
            Two servers, the same loop on both, in turns that are reversed every round: %d clients
            submit a list of %d ping tasks whenever the oldest of their lists is done, so a task
            comes in for each that is completed and the depth stays as it is. Only that depth
            differs: about 100 (or %s) tasks are queued beside the %d that the worker may have in
            hand. Where the least queued is 0, the short queue ran dry at times and the ratio
            flatters the long one. Between its turns a lane is paused. In the ratio a task counts
            half when it comes in and half when it is done, so that neither working a backlog off
            nor filling it looks like speed; it is taken round by round. Afterwards both queues
            are worked off, and every task is looked up and found completed. Median (min–max).
            """
                .formatted(SteadyLane.CLIENTS, SteadyLane.LIST, long100, IN_HAND),
            table);
  }

  private static void row(Report.Table table, String queued, String ratio, Figures figures) {
    table.row(
        queued,
        ratio,
        Spread.of(figures.submitted()).text(0),
        Spread.of(figures.completed()).text(0),
        figures.depths().text(0),
        figures.completed().size());
  }
}
