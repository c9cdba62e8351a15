package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Turns;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Report;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.PieceFollower;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What readers of a task's pieces cost the run that emits them: none, or 200, of them 20 slow. */
public final class PiecesPart implements Part {
  private static final Aim SLOWED =
      Aim.atMost("a run that 200 read, of one that nobody reads", 105, "%");

  /** A heap within which it has to do: the standard one grows as long as there is memory. */
  private static final String HEAP = "-Xmx512m";

  private static final Aim MEMORY =
      Aim.atMost("resident memory with 200 readers and a heap of 512 MB", 900, "MB");
  private static final int PIECES = 5_000;
  private static final int MILLIS = 4_000;
  private static final int READERS = 200;
  private static final int SLOW = 20;
  private static final String ALONE = "nobody reads";
  private static final String READ = "200 read";

  @Override
  public void run(Session session) throws Exception {
    var settings = Map.of("HTTP_MAX_CONNECTIONS_PER_ADDRESS", "1000", "JAVA_TOOL_OPTIONS", HEAP);
    var turns = new Turns();
    var missed = new ArrayList<Integer>();
    try (Server server = Server.start(session.scratch(), settings);
        var api = new Api(server.uri(), PenstockProcess.KEY)) {
      session.say("warm-up");
      emit(api, server.uri(), READERS, new ArrayList<>());
      turns.add(ALONE, () -> emit(api, server.uri(), 0, missed));
      turns.add(READ, () -> emit(api, server.uri(), READERS, missed));
      for (int i = 0; i < session.plan().rounds() && !session.late(); i++) {
        session.say("round " + (i + 1));
        turns.round();
      }
      session.report().aim(SLOWED, turns.percent(READ, ALONE).median());
      double resident = MemoryPart.resident(server);
      session.report().aim(MEMORY, resident);
      var table = new Report.Table("", "ms", "% of alone", "readers that met a gap", "resident MB");
      table.row(ALONE, turns.of(ALONE).text(0), "", "", "");
      table.row(
          READ,
          turns.of(READ).text(0),
          turns.percent(READ, ALONE).text(1),
          missed.toString(),
          "%.0f".formatted(resident));
      session
          .report()
          .section(
              "Pieces",
              """
              One ping that emits %,d pieces in %d ms, on a lone node: how long its run takes by its record, with
              nobody and with %d readers at its events on this machine, of which %d read nothing until it has
              ended. In turns.
              """
                  .formatted(PIECES, MILLIS, READERS, SLOW),
              table);
    }
  }

  /** How many milliseconds the run took. */
  private static double emit(Api api, URI server, int many, List<Integer> missed) throws Exception {
    String id =
        api.post(
                "/v1/tasks",
                "{\"type\":\"ping\",\"input\":{\"emit\":%d,\"sleep_ms\":%d}}"
                    .formatted(PIECES, MILLIS))
            .json()
            .path("id")
            .asText();
    var slow = new CountDownLatch(1);
    List<Future<PieceFollower.Told>> readers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < many; i++) {
        readers.add(threads.submit(new PieceFollower(server, id, i < SLOW ? slow : null)));
      }
      JsonNode task = new PieceFollower(server, id, null).call().task();
      slow.countDown();
      int gaps = 0;
      for (Future<PieceFollower.Told> each : readers) {
        PieceFollower.Told told = each.get();
        gaps += told.gap() ? 1 : 0;
        if (!told.gap() && told.pieces().size() != PIECES) {
          throw new IllegalStateException("a reader was told " + told.pieces().size());
        }
      }
      if (many > 0) {
        missed.add(gaps);
      }
      return task.path("run_ms").asDouble();
    }
  }
}
