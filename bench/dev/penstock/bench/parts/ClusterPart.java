package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bench.Brokers;
import dev.penstock.bench.Connection;
import dev.penstock.bench.Load;
import dev.penstock.bench.Nodes;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.bare.BareRabbit;
import dev.penstock.bench.bare.BareRedis;
import dev.penstock.bench.report.CpuShares;
import dev.penstock.bench.report.Plan;
import dev.penstock.testing.Api;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Ping tasks on RabbitMQ and Redis: one node that takes requests and 1, 2 and 3 that work, and one
 * process that does both, each beside the bare brokers. Workers come one by one and leave one by
 * one, so that every number of them is measured twice.
 */
public final class ClusterPart implements Part {
  private static final int WORKERS = 3;
  private static final int LEAST = 200;
  private static final int MOST = 20_000;
  private static final int WARM_LISTS = 1_000;
  private static final int WARM_SINGLES = 300;
  private static final int SUBMITS = 4_000;
  private static final int BARE_MESSAGES = 10_000;
  private static final int BARE_TASKS = 10_000;
  private static final int BARE_COMMANDS = 100_000;
  private static final int BARE_SINGLES = 150;
  private static final int QUICKLY = 10;
  private static final double SUBMITS_OF_SPAN = 0.5;

  /** After these no further measurement begins, so that the whole stays within six minutes. */
  private static final Duration CLUSTER_LIMIT = Duration.ofSeconds(270);

  private static final Duration LIMIT = Duration.ofSeconds(330);

  private static final Duration LONGEST_SPAN = Duration.ofMillis(1_500);
  private static final long BACKLOG_LIMIT_S = 60;
  private static final long POLL_MS = 50;

  @Override
  public void run(Session session) throws Exception {
    long start = System.nanoTime();
    session.say("start RabbitMQ, Redis and a node");
    var figures = new ClusterFigures();
    try (Brokers brokers = Brokers.start(session.scratch());
        Nodes nodes = Nodes.withoutWorkers(session.scratch(), brokers);
        var rabbit = new BareRabbit(brokers.rabbitPort(), messageSize(nodes, brokers));
        var redis = new BareRedis(brokers.redisPort())) {
      var measure = new Measure(session, figures, rabbit, redis);
      measure.until(start + CLUSTER_LIMIT.toNanos());
      measure.submitOnly(nodes);
      for (int i = 0; i < WORKERS; i++) {
        session.say("start a worker");
        nodes.addWorker();
        drained(nodes);
        measure.warmUp(nodes);
        measure.visit(nodes);
      }
      for (int i = WORKERS; i > 0; i--) {
        measure.visit(nodes);
        nodes.removeWorker();
      }
      measure.bare(nodes);
      nodes.end();
      measure.until(start + LIMIT.toNanos());
      session.say("start one process with both roles");
      try (Nodes one = Nodes.oneProcess(session.scratch(), brokers)) {
        measure.warmUp(one);
        measure.visit(one);
        measure.visit(one);
        measure.bare(one);
      }
      figures.report(session.report(), rabbit.size());
    }
  }

  /** What a ping takes in RabbitMQ: nobody works yet, so that one stays in the queue. */
  static int messageSize(Nodes nodes, Brokers brokers) throws Exception {
    Server front = nodes.front();
    var _ = front.ask(front.post("/v1/tasks", PingPart.TASK));
    return BareRabbit.sizeIn(brokers.rabbitPort(), "penstock.ping");
  }

  /** Waits until nothing is left to do. */
  static void drained(Nodes nodes) throws Exception {
    Server front = nodes.front();
    byte[] look = front.get("/v1/queues/ping");
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(BACKLOG_LIMIT_S);
    try (var connection = new Connection(front.uri())) {
      JsonNode lane = Api.JSON.readTree(connection.ask(look));
      while (lane.path("depth").asInt() + lane.path("in_flight").asInt() > 0) {
        if (System.nanoTime() > until) {
          throw new IllegalStateException("tasks do not end: " + lane);
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
        lane = Api.JSON.readTree(connection.ask(look));
      }
    }
  }

  /** Measures, as long as there is time, and hands over the figures. */
  private static final class Measure {
    private final Session session;
    private final Plan plan;
    private final ClusterFigures figures;
    private final BareRabbit rabbit;
    private final BareRedis redis;
    private final int scale;
    private final double span;
    private long until = System.nanoTime();

    /** Tasks a second that the warm-up reached, by what was submitted and to whom. */
    private final Map<String, Double> rates = new HashMap<>();

    Measure(Session session, ClusterFigures figures, BareRabbit rabbit, BareRedis redis) {
      this.session = session;
      this.plan = session.plan();
      this.figures = figures;
      this.rabbit = rabbit;
      this.redis = redis;
      Duration wanted = plan.span().dividedBy(2);
      span = (wanted.compareTo(LONGEST_SPAN) < 0 ? wanted : LONGEST_SPAN).toNanos() / 1e9;
      scale = plan.isQuick() ? QUICKLY : 1;
    }

    /** When no further visit begins: a {@link System#nanoTime}. */
    void until(long until) {
      this.until = until;
    }

    private boolean late() {
      return session.late() || System.nanoTime() - until > 0;
    }

    /** The brokers alone; the figures before and after it are compared with these. */
    void bare(Nodes nodes) throws Exception {
      session.say("bare RabbitMQ and Redis");
      CpuShares cpu = nodes.cpu();
      CpuShares.Mark mark = cpu.mark();
      double messages = rabbit.rate(BARE_MESSAGES / scale);
      Map<String, Double> rabbitCpu = cpu.since(mark);
      BareRedis.Work scripts = redis.tasks(BARE_TASKS / scale);
      mark = cpu.mark();
      double tasks = redis.rate(scripts);
      Map<String, Double> redisCpu = cpu.since(mark);
      double commands = redis.rate(redis.commands(BARE_COMMANDS / scale));
      redis.forget();
      figures.bare(new ClusterFigures.Bare(messages, rabbitCpu, tasks, redisCpu, commands));
      figures.bareLatencies(rabbit.oneAtATime(BARE_SINGLES / scale));
    }

    void submitOnly(Nodes nodes) throws Exception {
      session.say("submits, no worker");
      for (int list : List.of(PingPart.LIST, 1)) {
        rates.put(key(nodes, list), submit(nodes, list, SUBMITS / scale).submitted());
      }
      bare(nodes);
      for (int i = 0; i < rounds(); i++) {
        for (int list : List.of(PingPart.LIST, 1)) {
          figures.add(submit(nodes, list, tasks(nodes, list, SUBMITS_OF_SPAN * span)));
        }
      }
      bare(nodes);
    }

    private ClusterFigures.Sample submit(Nodes nodes, int list, int tasks) throws Exception {
      Server front = nodes.front();
      String body = list == 1 ? PingPart.TASK : PingPart.list(PingPart.TASK, list);
      List<byte[]> requests = Collections.nCopies(tasks / list, front.post("/v1/tasks", body));
      CpuShares cpu = nodes.cpu();
      CpuShares.Mark mark = cpu.mark();
      Load.Result result = Load.closed(front.uri(), front.cpu(), requests, PingPart.CLIENTS);
      double rate = result.perSecond((long) requests.size() * list);
      return figures.sample(nodes.name(), list, rate, Double.NaN, cpu.since(mark));
    }

    void warmUp(Nodes nodes) throws Exception {
      session.say(nodes.name() + ", warm-up");
      long start = System.nanoTime();
      do {
        for (int list : List.of(PingPart.LIST, 1)) {
          int tasks = list == 1 ? WARM_SINGLES : WARM_LISTS;
          var round = PingPart.round(nodes.front(), PingPart.TASK, list, tasks);
          rates.put(key(nodes, list), round.completed());
        }
      } while (System.nanoTime() - start < plan.warmUp().toNanos() * 2);
    }

    /** A bare round, then all that is measured of these nodes. */
    void visit(Nodes nodes) throws Exception {
      if (late()) {
        figures.leftOut(nodes.name());
        return;
      }
      bare(nodes);
      session.say(nodes.name());
      for (int i = 0; i < rounds(); i++) {
        for (int list : List.of(PingPart.LIST, 1)) {
          round(nodes, list);
        }
      }
      latency(nodes);
    }

    private void round(Nodes nodes, int list) throws Exception {
      CpuShares cpu = nodes.cpu();
      CpuShares.Mark mark = cpu.mark();
      List<Map<String, Double>> used = new ArrayList<>();
      PingPart.Round round =
          PingPart.round(
              nodes.front(),
              PingPart.TASK,
              list,
              tasks(nodes, list, span),
              () -> used.add(cpu.since(mark)));
      figures.add(
          figures.sample(
              nodes.name(), list, round.submitted(), round.completed(), used.getFirst()));
    }

    private void latency(Nodes nodes) throws Exception {
      Server front = nodes.front();
      int count = Math.max(50, plan.pairs() / 2);
      byte[] request = front.post("/v1/tasks", PingPart.WAITING);
      Load.Result result =
          Load.closed(front.uri(), front.cpu(), Collections.nCopies(count, request), 1);
      for (byte[] reply : result.replies()) {
        if (!PingPart.completed(Api.JSON.readTree(reply))) {
          throw new IOException("no result in time: " + new String(reply, StandardCharsets.UTF_8));
        }
      }
      Histogram latency = result.latency();
      figures.latency(nodes.name(), latency);
    }

    private int rounds() {
      return Math.max(1, plan.rounds() / 2);
    }

    private int tasks(Nodes nodes, int list, double seconds) {
      double rate = rates.getOrDefault(key(nodes, list), 0.0);
      int tasks = (int) Math.clamp(rate * seconds, LEAST, MOST);
      return tasks - tasks % list;
    }

    private static String key(Nodes nodes, int list) {
      return nodes.name() + " " + list;
    }
  }
}
