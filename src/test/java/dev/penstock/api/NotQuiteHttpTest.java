package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What comes over a socket and is not quite HTTP. */
final class NotQuiteHttpTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String REFUSED = " 400 Bad Request\r\n";

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static TestServer server;

  @SuppressWarnings("NullAway.Init")
  private static Leftovers leftovers;

  @BeforeAll
  static void start() throws Exception {
    server = new TestServer(Map.of("http.read-timeout", "200ms"));
    leftovers = new Leftovers(server);
  }

  @AfterAll
  static void stop() throws Exception {
    leftovers.close();
    server.close();
  }

  static List<BadInputTable.Row> rows() {
    return new NotQuiteHttp(TestServer.KEY).rows();
  }

  @Test
  void thereAreTwoHundredOfThem() {
    assertThat(rows()).hasSizeGreaterThanOrEqualTo(200);
    assertThat(rows().stream().map(BadInputTable.Row::name)).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void itIsRefusedInTheErrorShapeAndLeavesNothingBehind(BadInputTable.Row row) throws Exception {
    leftovers.forget();
    BadInputTable.check(server.port(), row);
    leftovers.assertNone(Level.INFO);
  }

  private static String talk(String request, boolean halfClosed) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      if (halfClosed) {
        socket.shutdownOutput();
      }
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void whatComesBehindARequestAndIsNoneIsRefusedAfterIt() throws Exception {
    for (String next :
        List.of(
            "GET /health\r\n\r\n",
            "GET /health HTTP/1.1\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\nX y: a\r\n\r\n",
            "hello there\r\n\r\n",
            "\0\0\0\0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "POST /v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "POST /v1/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n")) {
      leftovers.forget();
      String answers = talk("GET /health HTTP/1.1\r\nHost: a\r\n\r\n" + next, false);
      assertThat(answers).as(next).startsWith("HTTP/1.1 200 ").contains(REFUSED);
      leftovers.assertNone(Level.INFO);
    }
  }

  @Test
  void whoHasClosedHisHalfIsToldAllTheSame() throws Exception {
    for (String request :
        List.of(
            "GET /health\r\n\r\n",
            "GET /health HTTP/1.1\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a b\r\n\r\n",
            "hello there\r\n\r\n")) {
      leftovers.forget();
      assertThat(talk(request, true)).as(request).startsWith("HTTP/1.").contains(REFUSED);
      leftovers.assertNone(Level.INFO);
    }
  }

  @Test
  void aRequestThatEndsBeforeItIsOneLeavesNothingBehind() throws Exception {
    for (String request :
        List.of(
            "",
            "G",
            "GET /health HTTP/1.1",
            "GET /health HTTP/1.1\r\nHost: a\r\n",
            "POST /v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Content-Length: 9\r\nAuthorization: Bearer "
                + TestServer.KEY
                + "\r\n\r\n{",
            "POST /v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\nAuthorization: Bearer "
                + TestServer.KEY
                + "\r\n\r\n2\r\n{")) {
      leftovers.forget();
      assertThat(talk(request, true)).as(request).doesNotContain("HTTP/1.1 2", "HTTP/1.1 5");
      leftovers.assertNone(Level.INFO);
    }
  }
}
