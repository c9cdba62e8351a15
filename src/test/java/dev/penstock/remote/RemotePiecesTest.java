package dev.penstock.remote;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.protocol.LeaseTerms;
import dev.penstock.task.TaskId;
import dev.penstock.testing.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pieces on their way to a server that is well, busy, away, or done with them. */
@Timeout(60)
final class RemotePiecesTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private final List<JsonNode> taken = new CopyOnWriteArrayList<>();
  private final AtomicInteger refused = new AtomicInteger();
  private final Emitter run = new Emitter(TaskId.random(), "token", 2);
  private volatile int status = 200;
  private volatile String reply = "{\"status\":\"taken\"}";
  private HttpServer http;
  private RemoteServer server;
  private Conversation conversation;
  private RemotePieces pieces;

  @BeforeEach
  void start() throws Exception {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext(
        "/v1/worker/pieces",
        call -> {
          JsonNode body = MAPPER.readTree(call.getRequestBody().readAllBytes());
          int answered = status;
          if (answered == 200) {
            taken.add(body);
          }
          byte[] answer = reply.getBytes(StandardCharsets.UTF_8);
          call.sendResponseHeaders(answered, answer.length);
          call.getResponseBody().write(answer);
          call.close();
          if (answered != 200) {
            refused.incrementAndGet();
          }
        });
    http.start();
    server =
        new RemoteServer(
            URI.create("http://127.0.0.1:" + http.getAddress().getPort()), "key", null);
    conversation = new Conversation("far", new Link("it"));
    conversation.heard(LeaseTerms.ours(Duration.ofSeconds(30), false));
    pieces = new RemotePieces(server, conversation);
  }

  @AfterEach
  void stop() {
    pieces.close();
    server.close();
    http.stop(0);
  }

  private void put(long from, String... texts) {
    pieces.put(
        new PutPieces(
            run,
            false,
            from,
            List.of(texts).stream().map(each -> each.getBytes(StandardCharsets.UTF_8)).toList()));
  }

  private List<String> all() {
    return taken.stream()
        .flatMap(each -> {
          long from = each.path("offset").asLong();
          var texts = new java.util.ArrayList<String>();
          for (JsonNode piece : each.path("pieces")) {
            texts.add(from++ + ":" + piece);
          }
          return texts.stream();
        })
        .toList();
  }

  @Test
  void whatIsEmittedTogetherGoesTogetherAndTheEndBeforeTheResult() {
    for (int i = 0; i < 500; i++) {
      put(i, "{\"i\":" + i + "}");
    }
    assertThat(pieces.end(new EndPieces(run, 500, true))).as("all is sent").isTrue();
    assertThat(all()).hasSize(500).startsWith("0:{\"i\":0}").endsWith("499:{\"i\":499}");
    assertThat(taken).hasSizeLessThan(50);
    assertThat(taken.getLast().path("end").asBoolean()).isTrue();
    assertThat(taken.getFirst().path("run").asLong()).isEqualTo(2);
    assertThat(pieces.count("token")).isEqualTo(500);
    assertThat(pieces.count("another")).isZero();
  }

  @Test
  void whileTheServerIsAwayTheNewestAreKeptAndNobodyWaits() throws Exception {
    status = 503;
    String piece = "\"" + "x".repeat(1_000) + "\"";
    for (int i = 0; i < 1_000; i++) {
      put(i, piece);
    }
    int before = refused.get();
    // One may have been on its way with what is given up by now; the next one was not.
    Await.until("it is away for the newest too", LIMIT, () -> refused.get() >= before + 2);
    status = 200;
    Await.until("all that is left has come", LIMIT, () -> all().contains("999:" + piece));
    List<String> all = all();
    assertThat(all).hasSizeBetween(200, 320);
    assertThat(all.getFirst()).startsWith((1_000 - all.size()) + ":");
  }

  @Test
  void whereNobodyWantsThemNothingMoreIsSent() throws Exception {
    status = 409;
    put(0, "1");
    Await.until("it has heard", LIMIT, () -> !pieces.sending());
    status = 200;
    put(1, "2");
    assertThat(pieces.end(new EndPieces(run, 2, true))).as("nothing is waited for").isTrue();
    assertThat(taken).isEmpty();
  }

  @Test
  void whatIsNoJsonIsLeftOut() {
    put(0, "1", "no", "3");
    assertThat(pieces.end(new EndPieces(run, 3, true))).isTrue();
    assertThat(all()).doesNotContain("1:\"no\"").contains("2:3");
  }

  @Test
  void aServerThatOffersNoPiecesIsSentNone() {
    conversation.heard(new LeaseTerms(Duration.ofSeconds(30), false));
    put(0, "1");
    assertThat(pieces.end(new EndPieces(run, 1, true))).isFalse();
    assertThat(pieces.heard(new HeardPieces(run, 0, LIMIT))).isEmpty();
    assertThat(taken).isEmpty();
  }

  @Test
  void whatListenersHaveIsAskedOfTheServer() {
    reply = "{\"id\":\"x\",\"heard\":[ 1.50, {\"i\": 18} ]}";
    assertThat(pieces.heard(new HeardPieces(run, 17, LIMIT)))
        .extracting(each -> new String(each, StandardCharsets.UTF_8))
        .containsExactly("1.50", "{\"i\": 18}");
    assertThat(taken.getFirst().path("heard_from").asLong()).isEqualTo(17);
    assertThat(taken.getFirst().has("pieces")).isFalse();
  }
}
