package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BadInputTest {
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static TestServer server;
  private static Leftovers leftovers;

  @BeforeAll
  static void start() throws Exception {
    String wrongKeys = "100000"; // each row that has one would be a second longer
    server =
        new TestServer(
            Map.of(
                "http.read-timeout", READ_TIMEOUT.toMillis() + "ms", "auth.wrong-keys", wrongKeys));
    leftovers = new Leftovers(server);
  }

  @AfterAll
  static void stop() throws Exception {
    leftovers.close();
    server.close();
  }

  static Stream<BadInputTable.Row> rows() {
    return new BadInputTable(TestServer.KEY, server.settings.http().maxBodyBytes()).rows().stream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void badInputIsRefusedInTheErrorShapeAndLeavesNothingBehind(BadInputTable.Row row)
      throws Exception {
    leftovers.forget();
    BadInputTable.check(server.port(), row);
    leftovers.assertNone(Level.WARN); // of wrong keys, once a minute
  }

  @Test
  void whatAChunkSaysOfItselfBesideItsLengthIsIgnored() throws Exception {
    String request =
        "POST /v1/tasks HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: Chunked\r\nAuthorization: Bearer "
            + TestServer.KEY
            + "\r\n\r\n2;name=value;other=\"quoted\"\r\n[]\r\n0;last\r\n\r\n";
    var answer = RawClient.send(server.port(), request.getBytes(StandardCharsets.US_ASCII), LIMIT);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).as("it was read").isNotNull().contains("A list must have");
  }

  @Test
  void headersThatTrickleInAreCutOff() throws Exception {
    assertThat(trickle("GET /health HTTP/1.1\r\nX-Slow: ")).isZero();
  }

  @Test
  void aBodyThatTricklesInIsCutOff() throws Exception {
    assertThat(
            trickle(
                "POST /v1/embeddings HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 1000\r\nAuthorization: Bearer "
                    + TestServer.KEY
                    + "\r\n\r\n{\"input\": \""))
        .isEqualTo(408);
  }

  /** Sends a byte now and then for longer than is allowed. The status, or 0 for a closed socket. */
  private static int trickle(String start) throws Exception {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(50); // the pace
      socket.getOutputStream().write(start.getBytes(StandardCharsets.US_ASCII));
      long end = System.nanoTime() + READ_TIMEOUT.multipliedBy(10).toNanos();
      var read = new StringBuilder();
      while (System.nanoTime() < end) {
        try {
          int next = socket.getInputStream().read();
          if (next < 0) {
            return read.isEmpty() ? 0 : Integer.parseInt(read.substring(9, 12));
          }
          read.append((char) next);
        } catch (java.net.SocketTimeoutException e) {
          send(socket);
        } catch (IOException e) {
          return read.isEmpty() ? 0 : Integer.parseInt(read.substring(9, 12));
        }
      }
      throw new AssertionError("still open after " + READ_TIMEOUT.multipliedBy(10));
    }
  }

  private static void send(Socket socket) {
    try {
      socket.getOutputStream().write('a');
    } catch (IOException e) {
      // closed: the next read says so
    }
  }
}
