package dev.penstock.bench.parts;

import dev.penstock.bench.Brokers;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.WarmUp;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.util.List;
import java.util.Map;

/** One held request at a time where tasks are in RabbitMQ and Redis. */
public final class LatencyPart implements Part {
  private static final double AIM = 4;

  /** A request that comes while the model is busy otherwise is a task too. */
  private static final double LEAST_DIRECT = 0.99;

  private static final String DIRECT_RUNS = "penstock_runs_direct_total";

  @Override
  public void run(Session session) throws Exception {
    session.say("start RabbitMQ, Redis and Penstock, each twice");
    // A server leases whatever is in its broker: with one broker, either would do the other's work.
    try (Brokers first = Brokers.start(session.scratch());
        Brokers second = Brokers.start(session.scratch());
        Server direct = start(session, first, true);
        Server durable = start(session, second, false);
        BareModel bare = BareModel.open(1)) {
      for (Server server : List.of(direct, durable)) {
        session.say("warm-up");
        WarmUp.run(session, server, Kind.MIXED, 8, 8, session.plan().warmUp());
      }
      double before = directRuns(direct);
      int asked =
          OneAtATime.run(
              session,
              "One at a time on RabbitMQ and Redis",
              List.of(
                  OneAtATime.Way.direct("run directly, RabbitMQ and Redis", direct),
                  OneAtATime.Way.task("as a task, RabbitMQ and Redis", durable, AIM)),
              bare);
      double went = directRuns(direct) - before;
      if (went < LEAST_DIRECT * asked || directRuns(durable) > 0) {
        throw new IllegalStateException(
            "run directly: %.0f of %d, and %.0f of those that should be tasks"
                .formatted(went, asked, directRuns(durable)));
      }
    }
  }

  private static Server start(Session session, Brokers brokers, boolean direct) throws Exception {
    Map<String, String> settings = Server.withoutCache(brokers.settings());
    settings.put("EMBEDDING_DIRECT", Boolean.toString(direct));
    return Server.start(session.scratch(), settings);
  }

  private static double directRuns(Server server) throws Exception {
    try (var api = new Api(server.uri(), PenstockProcess.KEY)) {
      return api.metric(DIRECT_RUNS);
    }
  }
}
