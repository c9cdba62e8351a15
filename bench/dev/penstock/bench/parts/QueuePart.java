package dev.penstock.bench.parts;

import dev.penstock.bench.Brokers;
import dev.penstock.bench.Load;
import dev.penstock.bench.Nodes;
import dev.penstock.bench.Paced;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Turns;
import dev.penstock.bench.bare.BareRabbit;
import dev.penstock.bench.bare.BareRedis;
import dev.penstock.bench.peers.BullPeer;
import dev.penstock.bench.peers.CeleryPeer;
import dev.penstock.bench.peers.PeerPrograms;
import dev.penstock.bench.peers.Tuning;
import dev.penstock.testing.Api;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Penstock beside other task queues, on the same RabbitMQ and Redis: Celery, FastAPI before Celery,
 * and BullMQ. They are programs of others, so this part is run by itself: {@code make bench-queue}.
 */
public final class QueuePart implements Part {
  private static final Duration LIMIT = Duration.ofSeconds(330);
  private static final Duration LONGEST_SPAN = Duration.ofMillis(1_500);
  private static final double HTTP_OF_SPAN = 0.5;
  private static final int CELERY_LEAST = 200;
  private static final int CELERY_MOST = 10_000;
  private static final int SINGLES_LEAST = 320;
  private static final int LISTS_LEAST = PingPart.CLIENTS * PingPart.LIST;
  private static final int MOST = 40_000;
  private static final int BARE = 10_000;
  private static final int LATENCIES = 25;

  private static final List<CeleryPeer.Submitters> SUBMITTERS =
      List.of(
          new CeleryPeer.Submitters(1, 1),
          new CeleryPeer.Submitters(1, 8),
          new CeleryPeer.Submitters(2, 4));

  /** Two processes that work, one for each core, in one pool or in two. */
  private static final List<CeleryPeer.Workers> POOLS =
      List.of(
          new CeleryPeer.Workers(1, 2, 4),
          new CeleryPeer.Workers(1, 2, 16),
          new CeleryPeer.Workers(1, 2, 64),
          new CeleryPeer.Workers(2, 1, 16),
          new CeleryPeer.Workers(2, 1, 64));

  private static final List<BullPeer.Shape> WORKERS =
      List.of(
          new BullPeer.Shape(1, 32),
          new BullPeer.Shape(1, 128),
          new BullPeer.Shape(2, 32),
          new BullPeer.Shape(2, 128));
  private static final List<Integer> LISTS_IN_FLIGHT = List.of(4, 32);
  private static final List<Integer> SINGLES_IN_FLIGHT = List.of(32, 128, 512);

  @Override
  public void run(Session session) throws Exception {
    session.say("start RabbitMQ and Redis");
    try (Brokers brokers = Brokers.start(session.scratch())) {
      new Run(session, brokers).all();
    }
  }

  /** One run: what its steps share. */
  private static final class Run {
    private final Session session;
    private final Brokers brokers;
    private final PeerPrograms programs;
    private final Duration span;
    private final boolean quick;

    /** For what is compiled as it runs; the peers have run under their settings before. */
    private final Duration warmUp;

    private final long until = System.nanoTime() + LIMIT.toNanos();
    private final Tuning tuning = new Tuning();
    private final Turns rabbitTurns = new Turns();
    private final Turns sqliteTurns = new Turns();
    private final Turns latencyTurns = new Turns();
    private final Map<String, Histogram> latencies = new LinkedHashMap<>();

    Run(Session session, Brokers brokers) throws IOException {
      this.session = session;
      this.brokers = brokers;
      this.programs = new PeerPrograms(session.scratch(), brokers);
      Duration wanted = session.plan().span().dividedBy(2);
      span = wanted.compareTo(LONGEST_SPAN) < 0 ? wanted : LONGEST_SPAN;
      quick = session.plan().isQuick();
      warmUp = session.plan().warmUp();
    }

    void all() throws Exception {
      int size = httpSubmits();
      session.say("start Penstock on RabbitMQ and Redis, and Celery");
      try (Nodes nodes = Nodes.oneProcess(session.scratch(), brokers);
          var rabbit = new BareRabbit(brokers.rabbitPort(), size);
          var redis = new BareRedis(brokers.redisPort());
          var celery = new CeleryPeer(programs, SUBMITTERS.getFirst(), POOLS.getFirst())) {
        ClusterPart.drained(nodes);
        tune(celery);
        onRabbit(nodes.front(), celery, rabbit, redis);
        session.say("start Penstock on SQLite, and BullMQ");
        try (Server sqlite = Server.start(session.scratch(), Map.of("MODEL_TYPE", "ping"));
            var bull = new BullPeer(programs)) {
          beside(sqlite, bull);
          oneAtATime(nodes.front(), celery, sqlite, bull);
          report(size, celery, bull);
        }
      }
    }

    /** Rounds, as long as there is time; one there is always. */
    private void rounds(String what, Turns turns) throws Exception {
      for (int i = 0; i < session.plan().rounds(); i++) {
        if (i > 0 && (session.late() || System.nanoTime() - until > 0)) {
          session.say("no time for more");
          return;
        }
        session.say(what + ", round " + (i + 1));
        turns.round();
      }
    }

    /** First of all, while nobody works. Returns the size of a task's message in RabbitMQ. */
    private int httpSubmits() throws Exception {
      session.say("start a node without workers, FastAPI and an empty server");
      try (Nodes nodes = Nodes.withoutWorkers(session.scratch(), brokers)) {
        int size = ClusterPart.messageSize(nodes, brokers);
        try (var submits = new HttpSubmits(programs, brokers, nodes.front())) {
          session.say("submits over HTTP, warm-up");
          submits.warmUp(Duration.ofNanos(Math.round(HTTP_OF_SPAN * span.toNanos())), warmUp);
          rounds("submits over HTTP", submits.turns());
          submits.report(session.report());
        }
        return size;
      }
    }

    /** What is tried; of all of it, enough to show that it works. */
    private <S> List<S> settings(List<S> all) {
      return quick ? all.subList(0, 2) : all;
    }

    private double trial(int step, int most, Paced.Round round) throws Exception {
      return new Paced(span, step, most, round).warmUp(Duration.ZERO).take();
    }

    private void tune(CeleryPeer celery) throws Exception {
      session.say("Celery, settings");
      celery.submitFrom(
          tuning.best(
              "Celery",
              "processes × threads that submit",
              settings(SUBMITTERS),
              CeleryPeer.Submitters::text,
              shape -> {
                celery.submitFrom(shape);
                return trial(CELERY_LEAST, CELERY_MOST, celery::round);
              }));
      celery.work(
          tuning.best(
              "Celery",
              "workers × processes × prefetch multiplier",
              settings(POOLS),
              CeleryPeer.Workers::text,
              workers -> {
                celery.work(workers);
                return trial(CELERY_LEAST, CELERY_MOST, celery::round);
              }));
    }

    private void onRabbit(Server front, CeleryPeer celery, BareRabbit rabbit, BareRedis redis)
        throws Exception {
      session.say("tasks on RabbitMQ and Redis, warm-up");
      rabbitTurns.add(QueueFigures.LISTS, penstock(front, PingPart.LIST));
      rabbitTurns.add(QueueFigures.SINGLES, penstock(front, 1));
      rabbitTurns.add(
          QueueFigures.CELERY,
          new Paced(span, CELERY_LEAST, CELERY_MOST, celery::round).warmUp(Duration.ZERO));
      rabbitTurns.add(
          QueueFigures.BARE_RABBIT,
          new Paced(span, BARE / 10, 2 * BARE, rabbit::rate).warmUp(Duration.ZERO));
      rabbitTurns.add(
          QueueFigures.BARE_REDIS,
          () -> {
            double rate = redis.rate(redis.tasks(BARE));
            redis.forget();
            return rate;
          });
      rounds("tasks on RabbitMQ and Redis", rabbitTurns);
    }

    private Paced penstock(Server server, int list) throws Exception {
      int least = list == 1 ? SINGLES_LEAST : LISTS_LEAST;
      return new Paced(
              span,
              least,
              MOST,
              tasks -> PingPart.round(server, PingPart.TASK, list, tasks).completed())
          .warmUp(warmUp);
    }

    private void beside(Server sqlite, BullPeer bull) throws Exception {
      session.say("BullMQ, settings");
      bull.work(
          tuning.best(
              "BullMQ",
              "worker processes × concurrency",
              settings(WORKERS),
              BullPeer.Shape::text,
              shape -> {
                bull.work(shape);
                return trial(
                    LISTS_LEAST,
                    MOST,
                    jobs -> bull.round(jobs, PingPart.LIST, LISTS_IN_FLIGHT.getFirst()));
              }));
      int lists = bullInFlight(bull, PingPart.LIST, "addBulk at a time", LISTS_IN_FLIGHT);
      int singles = bullInFlight(bull, 1, "add at a time", SINGLES_IN_FLIGHT);
      session.say("tasks on SQLite, jobs on Redis, warm-up");
      sqliteTurns.add(QueueFigures.LISTS, penstock(sqlite, PingPart.LIST));
      sqliteTurns.add(QueueFigures.SINGLES, penstock(sqlite, 1));
      sqliteTurns.add(QueueFigures.BULL_LISTS, bullMq(bull, PingPart.LIST, lists));
      sqliteTurns.add(QueueFigures.BULL_SINGLES, bullMq(bull, 1, singles));
      rounds("tasks on SQLite, jobs on Redis", sqliteTurns);
    }

    private int bullInFlight(BullPeer bull, int list, String what, List<Integer> all)
        throws Exception {
      return tuning.best(
          "BullMQ",
          what,
          settings(all),
          String::valueOf,
          inFlight -> trial(least(list), MOST, jobs -> bull.round(jobs, list, inFlight)));
    }

    private Paced bullMq(BullPeer bull, int list, int inFlight) throws Exception {
      return new Paced(span, least(list), MOST, jobs -> bull.round(jobs, list, inFlight))
          .warmUp(Duration.ZERO);
    }

    private static int least(int list) {
      return list == 1 ? SINGLES_LEAST : LISTS_LEAST;
    }

    private void oneAtATime(Server rabbit, CeleryPeer celery, Server sqlite, BullPeer bull)
        throws Exception {
      session.say("one at a time, warm-up");
      addLatency(QueueFigures.ON_RABBIT, count -> latency(rabbit, count));
      addLatency(QueueFigures.CELERY, celery::latency);
      addLatency(QueueFigures.ON_SQLITE, count -> latency(sqlite, count));
      addLatency(QueueFigures.BULL, bull::latency);
      rounds("one at a time", latencyTurns);
    }

    /** Latencies of so many. */
    private interface Latency {
      Histogram of(int count) throws Exception;
    }

    /** The p50 goes round by round; the others are of all rounds together. */
    private void addLatency(String name, Latency latency) throws Exception {
      int count = Math.max(LATENCIES, session.plan().pairs() / 2);
      var _ = latency.of(count);
      Histogram all = new Histogram(3);
      latencies.put(name, all);
      latencyTurns.add(
          name,
          () -> {
            Histogram some = latency.of(count);
            all.add(some);
            return some.getValueAtPercentile(50) / 1e6;
          });
    }

    private static Histogram latency(Server server, int count) throws Exception {
      byte[] request = server.post("/v1/tasks", PingPart.WAITING);
      Load.Result result =
          Load.closed(server.uri(), server.cpu(), Collections.nCopies(count, request), 1);
      for (byte[] reply : result.replies()) {
        if (!PingPart.completed(Api.JSON.readTree(reply))) {
          throw new IOException("no result in time: " + new String(reply, StandardCharsets.UTF_8));
        }
      }
      return result.latency();
    }

    private void report(int size, CeleryPeer celery, BullPeer bull) throws Exception {
      var figures =
          new QueueFigures(session.report(), rabbitTurns, sqliteTurns, latencyTurns, latencies);
      figures.onRabbit(size);
      figures.onSqlite();
      figures.oneAtATime();
      figures.settings(
          tuning,
          "%s; %s; RabbitMQ %s, Redis %s"
              .formatted(
                  celery.versions(),
                  bull.versions(),
                  BareRabbit.version(brokers.rabbitPort()),
                  bull.redis()));
    }
  }
}
