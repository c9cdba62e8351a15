package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Await;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The memory of bodies is given back, whatever becomes of their requests. */
class BodyReaderTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String SHORT = "{\"input\":\"" + "a".repeat(1_000) + "\"}";

  /** Not read before its request's thread asks for it. */
  private static final String LONG = "{\"input\":\"" + "a".repeat(100_000) + "\"}";

  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private void awaitTaken(long bytes) throws Exception {
    Await.until(bytes + " bytes are taken", LIMIT, () -> taken() == bytes);
  }

  private long taken() {
    return server.verticle().bytesOfBodies();
  }

  @Test
  void ofWhatWasAnswered() throws Exception {
    assertThat(server.post("/v1/embeddings", SHORT).statusCode()).isEqualTo(200);
    assertThat(server.post("/v1/embeddings", LONG).statusCode()).isEqualTo(200);
    assertThat(server.post("/v1/embeddings", "[" + SHORT + "]").statusCode()).isEqualTo(400);
    awaitTaken(0);
  }

  @Test
  void ofWhatWasRefusedUnread() throws Exception {
    for (String body : new String[] {SHORT, LONG}) {
      assertThat(reply(server.hold(body, "a-wrong-key", body.length()))).startsWith("401");
      awaitTaken(0);
    }
    assertThat(server.post("/v1/nothing-here", SHORT).statusCode()).isEqualTo(404);
    awaitTaken(0);
  }

  @Test
  void ofWhatNeverCameWhole() throws Exception {
    for (String body : new String[] {SHORT, LONG}) {
      try (Socket _ = server.hold(body, TestServer.KEY, body.length() + 1)) {
        awaitTaken(body.length());
      }
      awaitTaken(0);
    }
  }

  @Test
  void ofWhatDidNotComeInTime() throws Exception {
    server.close();
    server = new TestServer(Map.of("http.read-timeout", "200ms"));
    for (String body : new String[] {SHORT, LONG}) {
      assertThat(reply(server.hold(body, TestServer.KEY, body.length() + 1))).startsWith("408");
      awaitTaken(0);
    }
  }

  /** From the status on; closes the connection. */
  private static String reply(Socket socket) throws Exception {
    try (socket) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      byte[] head = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
      return new String(head, StandardCharsets.US_ASCII).substring("HTTP/1.1 ".length());
    }
  }
}
