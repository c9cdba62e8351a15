package dev.penstock.remote;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import dev.penstock.remote.RemoteDispatch.Meeting;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskId;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a worker says to servers that offer checkpoints and children, and to those that do not. */
@Timeout(60)
final class OffersTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final TaskId PARENT = TaskId.random();
  private static final Checkpoint LEFT = new Checkpoint(new byte[] {1}, List.of(PARENT), 7);
  private static final Outcome AWAIT = new Outcome.Await(List.of(), 0, null, false, new byte[] {2});

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "worker");
  private final List<String> settles = new CopyOnWriteArrayList<>();
  private final List<String> extends_ = new CopyOnWriteArrayList<>();
  private final List<String> pieces = new CopyOnWriteArrayList<>();

  @SuppressWarnings("NullAway.Init") // Started before each test.
  private HttpServer http;

  @SuppressWarnings("NullAway.Init") // Met by each test.
  private RemoteDispatch dispatch;

  private volatile String offers = "";

  /** So many requests meet a node of the version before. */
  private volatile int olderOnes;

  @BeforeEach
  void start() throws Exception {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext("/v1/worker/", this::answer);
    http.start();
  }

  @AfterEach
  void stop() throws Exception {
    dispatch.close();
    http.stop(0);
    vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private void meet(String offered) throws Exception {
    offers = offered;
    URI uri = URI.create("http://127.0.0.1:" + http.getAddress().getPort());
    var met = RemoteDispatch.meet(new RemoteServer(uri, "key", null), "w", Duration.ofMillis(1));
    dispatch = ((Meeting.Met) met).dispatch();
    dispatch.serve(bus, (_, _, _) -> {});
  }

  private synchronized void answer(HttpExchange call) throws IOException {
    String body = new String(call.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String route = call.getRequestURI().getPath();
    boolean extras = body.contains("checkpoint") || body.contains("\"await\"");
    boolean older = extras && olderOnes > 0;
    if (older) {
      olderOnes--;
    }
    String reply =
        switch (route) {
          case "/v1/worker/settle" -> {
            if (!older) {
              settles.add(body);
            }
            yield "{\"status\":\"settled\"}";
          }
          case "/v1/worker/children" ->
              "{\"children\":[{\"id\":\"%s\",\"key\":\"k\",\"status\":\"failed\"}],\"open\":3}"
                  .formatted(PARENT);
          case "/v1/worker/pieces" -> {
            pieces.add(body);
            yield "{\"error\":{\"message\":\"The lease is stale.\"}}";
          }
          default -> {
            extends_.add(body);
            yield "{\"leases\":[],\"lease_seconds\":30" + offers + "}";
          }
        };
    byte[] bytes =
        (older ? "{\"error\":{\"message\":\"'checkpoint' is unknown here.\"}}" : reply)
            .getBytes(StandardCharsets.UTF_8);
    int status = older ? 400 : route.endsWith("/pieces") ? 409 : 200;
    call.sendResponseHeaders(status, bytes.length);
    call.getResponseBody().write(bytes);
    call.close();
  }

  private void extend() throws Exception {
    var held = new HeldLease(PARENT, "t", null, LEFT);
    assertThat(bus.ask(new ExtendLeases("w", List.of(held)), LIMIT)).isEmpty();
  }

  private void settle(Outcome outcome) throws Exception {
    var settle = new SettleTask(PARENT, null, "t", outcome, LEFT);
    assertThat(bus.ask(new SettleTasks(List.of(settle)), LIMIT))
        .containsExactly(SettleReply.SETTLED);
  }

  private EndedChildren children() throws Exception {
    return bus.ask(new FindChildren(PARENT, "t", null, 9), LIMIT);
  }

  private static final String BOTH = ",\"offers\":[\"checkpoints\",\"children\",\"more\"]";

  @Test
  void whatIsOfferedIsUsed() throws Exception {
    meet(BOTH);
    extend();
    assertThat(extends_.getLast())
        .contains("\"checkpoint\":\"AQ==\"", "\"read\":[\"" + PARENT + "\"]")
        .doesNotContain("checkpoint_number");
    settle(AWAIT);
    assertThat(settles.getLast())
        .contains("\"outcome\":\"await\"", "\"await_checkpoint\":\"Ag==\"")
        .contains("\"checkpoint\":\"AQ==\"", "\"read\":[");
    assertThat(children().open()).isEqualTo(3);
  }

  @Test
  void checkpointsAreNumberedWhereThatIsOffered() throws Exception {
    meet(",\"offers\":[\"checkpoints\",\"numbered\"]");
    extend();
    assertThat(extends_.getLast()).contains("\"checkpoint_number\":7");
    settle(new Outcome.Postpone(Duration.ZERO));
    assertThat(settles.getLast())
        .contains("\"checkpoint\":\"AQ==\"")
        .doesNotContain("checkpoint_number");
  }

  @Test
  void whatIsNotOfferedIsNotSaid() throws Exception {
    meet("");
    extend();
    assertThat(extends_.getLast()).contains("\"token\":\"t\"").doesNotContain("checkpoint");
    settle(new Outcome.Postpone(Duration.ZERO));
    assertThat(settles.getLast()).contains("postpone").doesNotContain("checkpoint");
    settle(AWAIT);
    assertThat(settles.getLast())
        .contains("\"outcome\":\"reject\"", "handler_failed", "too old")
        .doesNotContain("checkpoint");
    assertThat(children()).isEqualTo(EndedChildren.NONE);
  }

  @Test
  void aServerThatRefusesARunsPiecesIsSentNoMoreOfThem() throws Exception {
    meet(",\"offers\":[\"pieces\"]");
    var run = new Emitter(PARENT, "t", 1);
    long until = System.nanoTime() + Duration.ofMillis(500).toNanos();
    for (long each = 0; System.nanoTime() < until; each++) {
      bus.call(new PutPieces(run, false, each, List.of(new byte[] {'1'})));
      Thread.onSpinWait();
    }
    assertThat(bus.call(new EndPieces(run, 9, false))).isTrue();
    assertThat(pieces).hasSize(1);
    assertThat(bus.call(new EndPieces(run, 9, false))).as("it is known no more").isFalse();
  }

  @Test
  void anOlderNodeBesideOthersExtendsTheLeaseWithoutTheCheckpoint() throws Exception {
    meet(BOTH);
    olderOnes = 1;
    extend();
    assertThat(extends_.getLast()).doesNotContain("checkpoint");
  }

  @Test
  void anOlderNodeBesideOthersTakesASettleWithoutTheCheckpoint() throws Exception {
    meet(BOTH);
    olderOnes = 1;
    settle(new Outcome.Postpone(Duration.ZERO));
    assertThat(settles).hasSize(1);
    assertThat(settles.getLast()).doesNotContain("checkpoint");
  }

  @Test
  void anAwaitThatMeetsAnOlderNodeIsSentAgainWhole() throws Exception {
    meet(BOTH);
    olderOnes = 2;
    settle(AWAIT);
    assertThat(settles.getLast()).contains("\"outcome\":\"await\"", "\"read\":[");
  }
}
