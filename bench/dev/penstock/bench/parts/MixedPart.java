package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.bench.Connection;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.WarmUp;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** What single requests feel of a bulk job of thousands of texts in the background. */
public final class MixedPart implements Part {
  private static final int DIGITS = 3;
  private static final int TASK_TEXTS = 64;
  private static final int ALONE = 200;

  /** Requests between two looks at the bulk job. */
  private static final int A_LOOK = 5;

  private static final int LEAST = 100;

  /** Spans of one measurement that the bulk job lasts for. */
  private static final int SPANS = 6;

  private static final int MOST_TEXTS = 20_000;
  private static final String RUNS = "penstock_batch_run_seconds_";

  @Override
  public void run(Session session) throws Exception {
    try (Server server = Server.start(session.scratch(), Server.withoutCache(Map.of()));
        var api = new Api(server.uri(), PenstockProcess.KEY);
        var connection = new Connection(server.uri())) {
      session.say("bulk and single requests, warm-up");
      double rate = warmUp(session, server);
      session.say("single requests alone");
      Histogram alone = new Histogram(DIGITS);
      for (int i = 0; i < ALONE; i++) {
        ask(session, server, connection, alone);
      }
      session.say("single requests beside a bulk job");
      double seconds = SPANS * session.plan().span().toNanos() / 1e9;
      int texts = Math.clamp(Math.round(rate * seconds), TASK_TEXTS, MOST_TEXTS);
      double runs = api.metric(RUNS + "count");
      double time = api.metric(RUNS + "sum");
      String last = submit(session, connection, server, texts);
      Histogram beside = new Histogram(DIGITS);
      while (!PingPart.completed(api.get("/v1/tasks/" + last).json())) {
        for (int i = 0; i < A_LOOK; i++) {
          ask(session, server, connection, beside);
        }
      }
      double batch = (api.metric(RUNS + "sum") - time) / (api.metric(RUNS + "count") - runs) * 1e3;
      describe(session, alone, beside, batch, texts);
    }
  }

  private static double warmUp(Session session, Server server) throws Exception {
    WarmUp.run(session, server, Kind.MIXED, 1, 8, session.plan().warmUp());
    List<String> texts = session.texts().take(Kind.MIXED, 8 * TASK_TEXTS);
    List<byte[]> requests = server.embeddings(BareModel.NAME, texts, TASK_TEXTS);
    return Load.closed(server.uri(), server.cpu(), requests, 2).perSecond(texts.size());
  }

  private static void ask(Session session, Server server, Connection connection, Histogram latency)
      throws Exception {
    List<String> text = session.texts().take(Kind.MIXED, 1);
    byte[] request = server.embeddings(BareModel.NAME, text);
    long start = System.nanoTime();
    connection.ask(request);
    latency.recordValue(System.nanoTime() - start);
  }

  /** One list of tasks, with the priority that lists have; the id of the last. */
  private static String submit(Session session, Connection connection, Server server, int texts)
      throws Exception {
    ArrayNode tasks = Api.JSON.createArrayNode();
    List<String> all = session.texts().take(Kind.MIXED, texts);
    for (int from = 0; from < texts; from += TASK_TEXTS) {
      ObjectNode task = tasks.addObject().put("type", "embedding").put("model", BareModel.NAME);
      ArrayNode input = task.putArray("input");
      all.subList(from, Math.min(texts, from + TASK_TEXTS)).forEach(input::add);
    }
    byte[] reply = connection.ask(server.post("/v1/tasks", tasks.toString()));
    return Api.JSON.readTree(reply).at("/data/" + (tasks.size() - 1) + "/id").asText();
  }

  private static void describe(
      Session session, Histogram alone, Histogram beside, double batch, int texts) {
    double more = (beside.getValueAtPercentile(99) - alone.getValueAtPercentile(99)) / 1e6;
    if (beside.getTotalCount() >= LEAST) {
      session
          .report()
          .aim(
              Aim.atMost(
                  "what a bulk job adds to the p99 of single requests, of the time of a batch",
                  200,
                  "%"),
              100 * more / batch);
    }
    var table = new Report.Table("single requests", "p50 ms", "p99 ms", "max ms", "requests");
    for (var row : List.of(Map.entry("alone", alone), Map.entry("beside the bulk job", beside))) {
      table.row(
          row.getKey(),
          Format.millis(row.getValue().getValueAtPercentile(50)),
          Format.millis(row.getValue().getValueAtPercentile(99)),
          Format.millis(row.getValue().getMaxValue()),
          row.getValue().getTotalCount());
    }
    session
        .report()
        .section(
            "Single requests beside a bulk job",
            """
            One client asks for one text of mixed length after the other, first alone, then until a
            list of tasks with %,d texts of mixed length, submitted before, has been done. A run of
            the model took %.1f ms on average meanwhile.
            """
                .formatted(texts, batch),
            table);
  }
}
