package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.bench.Texts.Kind;
import java.io.IOException;
import java.util.List;
import org.HdrHistogram.Histogram;

/** What the way through the program adds to one short text, when nothing else is going on. */
final class OneAtATime {
  private static final int DIGITS = 3;
  private static final int WARM_UP = 100;
  private static final Aim OVERHEAD =
      Aim.atMost("one at a time, more than the bare model (p50)", 3, "ms");

  private final Server server;
  private final BareModel bare;
  private final Histogram held = new Histogram(DIGITS);
  private final Histogram alone = new Histogram(DIGITS);

  private OneAtATime(Server server, BareModel bare) {
    this.server = server;
    this.bare = bare;
  }

  static void run(Session session, Server server, BareModel bare) throws Exception {
    session.say("one at a time");
    var measure = new OneAtATime(server, bare);
    measure.pairs(session, WARM_UP);
    measure.held.reset();
    measure.alone.reset();
    measure.pairs(session, session.plan().pairs());
    measure.describe(session);
  }

  /** The same text both ways, each way first as often as the other. */
  private void pairs(Session session, int count) throws IOException, OrtException {
    List<String> texts = session.texts().take(Kind.SHORT, count);
    try (var connection = new Connection(server.uri())) {
      for (int i = 0; i < count; i++) {
        String text = texts.get(i);
        byte[] request = server.embeddings(BareModel.NAME, List.of(text));
        if (i % 2 == 0) {
          ask(connection, request);
          compute(text);
        } else {
          compute(text);
          ask(connection, request);
        }
      }
    }
  }

  private void ask(Connection connection, byte[] request) throws IOException {
    long start = System.nanoTime();
    connection.ask(request);
    held.recordValue(System.nanoTime() - start);
  }

  private void compute(String text) throws OrtException {
    long start = System.nanoTime();
    bare.run(List.of(bare.tokenise(text)));
    alone.recordValue(System.nanoTime() - start);
  }

  private void describe(Session session) {
    long more = held.getValueAtPercentile(50) - alone.getValueAtPercentile(50);
    session.report().aim(OVERHEAD, more / 1e6);
    var table = new Report.Table("one short text", "p50 ms", "p99 ms", "max ms");
    row(table, "`POST /v1/embeddings`, held", held);
    row(table, "bare: tokenise and run", alone);
    table.row(
        "difference",
        Format.millis(more),
        Format.millis(held.getValueAtPercentile(99) - alone.getValueAtPercentile(99)),
        "");
    session
        .report()
        .section(
            "One at a time",
            """
            %d pairs: the same text once as a request on a kept connection and once bare, one
            thread a run, in turns.
            """
                .formatted(session.plan().pairs()),
            table);
  }

  private static void row(Report.Table table, String name, Histogram latency) {
    table.row(
        name,
        Format.millis(latency.getValueAtPercentile(50)),
        Format.millis(latency.getValueAtPercentile(99)),
        Format.millis(latency.getMaxValue()));
  }
}
