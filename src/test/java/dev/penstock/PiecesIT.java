package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Fleet;
import dev.penstock.testing.PieceFollower;
import dev.penstock.testing.PieceFollower.Told;
import dev.penstock.testing.PluginJar;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many readers of a task's pieces on nodes that do not run it, as its runs are killed. */
@Timeout(300)
final class PiecesIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final int PIECES = 5_000;

  /** Goes on where its listeners are; its pieces differ from run to run. */
  private static final String RESUMING =
      """
      public final class Resuming implements TaskHandler {
        public String type() { return "resuming"; }
        public String inputSchema() { return "{}"; }
        public String outputSchema() { return "{}"; }
        public Outcome run(Task task, Control control) throws InterruptedException {
          long by = ProcessHandle.current().pid();
          var all = new java.util.ArrayList<String>();
          byte[] kept = control.checkpoint();
          if (kept != null) {
            all.addAll(java.util.List.of(new String(kept).split(",")));
            for (TaskOutput piece : control.heard(all.size())) {
              all.add(new String(piece.bytes()));
            }
            control.emitFrom(all.size());
          }
          while (all.size() < 400) {
            String piece = "\\"" + by + "-" + all.size() + "\\"";
            control.emit(TaskOutput.json(piece));
            all.add(piece);
            if (all.size() == 100) {
              control.checkpoint(String.join(",", all).getBytes());
            }
            Thread.sleep(20);
          }
          return new Outcome.Done(TaskOutput.json("[" + String.join(",", all) + "]"));
        }
      }
      """;

  @TempDir Path folder;

  /** Readers on threads of their own. */
  private static final class Readers implements AutoCloseable {
    private final ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory());
    private final List<Future<Told>> all = new ArrayList<>();

    /** Adds so many readers; returns the last of them. */
    PieceFollower add(int many, URI server, String id, @Nullable CountDownLatch readsOn) {
      var reader = new PieceFollower(server, id, readsOn);
      all.add(threads.submit(reader));
      return many == 1 ? reader : add(many - 1, server, id, readsOn);
    }

    List<Told> ends(int from, int to) throws Exception {
      List<Told> told = new ArrayList<>();
      for (Future<Told> each : all.subList(from, to)) {
        told.add(each.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
      }
      return told;
    }

    @Override
    public void close() {
      threads.shutdownNow();
    }
  }

  private static String submit(Api api, String body) throws Exception {
    return api.post("/v1/tasks", body).json().path("id").asText();
  }

  private static JsonNode task(Api api, String id) throws Exception {
    return api.get("/v1/tasks/" + id).json();
  }

  private static void checkWhole(Told told, long all) {
    assertThat(told.task().path("status").asText()).isEqualTo("completed");
    if (told.gap()) {
      assertThat(told.result()).as("after a gap").contains("\"emit\":" + all);
    } else {
      assertThat(told.pieces().values())
          .containsExactlyElementsOf(
              LongStream.range(0, all).mapToObj(i -> "{\"i\":" + i + "}").toList());
    }
  }

  @Test
  void readersOnTwoNodesEndWithTheSameTextOrAGapAndTheWholeThoughTheNodeThatRunsIsKilled()
      throws Exception {
    var settings = Map.of("HTTP_MAX_CONNECTIONS_PER_ADDRESS", "1000");
    var slow = new CountDownLatch(1);
    try (var fleet = Fleet.start(folder, settings, 2, 1);
        var readers = new Readers()) {
      URI first = fleet.http(0).process().uri();
      URI second = fleet.http(1).process().uri();
      String id =
          submit(
              fleet.api(0),
              "{\"type\":\"ping\",\"input\":{\"n\":1,\"emit\":%d,\"sleep_ms\":25000}}"
                  .formatted(PIECES));
      readers.add(80, first, id, null);
      PieceFollower reader = readers.add(80, second, id, null);
      readers.add(10, first, id, slow);
      readers.add(10, second, id, slow);
      Await.until("it is read", LIMIT, () -> reader.next() > PIECES / 5);
      fleet.kill(fleet.inference(0));
      try (var worker = WorkerFarAway.start(folder, second, "far", "--lanes", "ping")) {
        Await.until(
            "the worker far away runs it, " + task(fleet.api(0), id),
            LIMIT,
            () -> task(fleet.api(0), id).path("worker").asText().equals("far"));
        readers.add(10, first, id, null);
        readers.add(10, second, id, null);
        List<Told> quick = readers.ends(0, 160);
        slow.countDown();
        List<Told> rest = readers.ends(160, 200);
        assertThat(worker.output()).contains("works for");
        quick.forEach(told -> checkWhole(told, PIECES));
        rest.forEach(told -> checkWhole(told, PIECES));
        assertThat(quick).as("who reads as it comes misses nothing").noneMatch(Told::gap);
        assertThat(quick).as("and saw the kill").anyMatch(told -> told.restarts() > 0);
      }
    }
  }

  @Test
  void aRunGoesOnWhereItsListenersAreAndNobodySeesTheKill() throws Exception {
    Path plugins = Files.createDirectories(folder.resolve("plugins"));
    PluginJar.build(
        Files.createDirectories(folder.resolve("work")),
        Map.of("Resuming", RESUMING),
        plugins.resolve("resuming.jar"));
    var settings = new HashMap<String, String>();
    settings.put("PLUGINS_DIR", plugins.toString());
    try (var fleet = Fleet.start(folder, settings, 1, 2);
        var readers = new Readers()) {
      String id = submit(fleet.api(0), "{\"type\":\"resuming\",\"input\":{}}");
      PieceFollower reader = readers.add(3, fleet.http(0).process().uri(), id, null);
      Await.until("its checkpoint has long been kept", LIMIT, () -> reader.next() > 250);
      for (Fleet.Member each : fleet.inference()) {
        if (each.api().metric("penstock_lane_running{lane=\"resuming\"") > 0) {
          fleet.kill(each);
        }
      }
      for (Told told : readers.ends(0, 3)) {
        assertThat(told.restarts()).isZero();
        assertThat(told.gap()).isFalse();
        assertThat(told.pieces()).hasSize(400);
        JsonNode result = fleet.api(0).get("/v1/tasks/" + id + "/result").json();
        assertThat("[" + String.join(",", told.pieces().values()) + "]")
            .isEqualTo(result.toString());
      }
    }
  }
}
