package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.testing.Await;
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
import org.slf4j.LoggerFactory;

/** What comes over a socket and is not quite HTTP. */
final class NotQuiteHttpTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String REFUSED = " 400 Bad Request\r\n";
  private static final Logger ROOT =
      (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private static final Logger OURS = (Logger) LoggerFactory.getLogger("dev.penstock");
  private static final ListAppender<ILoggingEvent> LINES = new ListAppender<>();

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new TestServer(Map.of("http.read-timeout", "200ms"));
    OURS.setLevel(Level.DEBUG);
    LINES.start();
    ROOT.addAppender(LINES);
  }

  @AfterAll
  static void stop() throws Exception {
    ROOT.detachAppender(LINES);
    OURS.setLevel(null);
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
    LINES.list.clear();
    BadInputTable.check(server.port(), row);
    assertNothingIsLeft();
  }

  private static void assertNothingIsLeft() throws Exception {
    Await.until("the request is over", LIMIT, () -> server.verticle().requestsInFlight() == 0);
    Await.until("its body is given back", LIMIT, () -> server.verticle().bytesOfBodies() == 0);
    List<ILoggingEvent> lines;
    synchronized (LINES) { // as it is when it appends
      lines = List.copyOf(LINES.list);
    }
    assertThat(lines).hasSizeLessThanOrEqualTo(1);
    assertThat(lines).allMatch(line -> Level.INFO.isGreaterOrEqual(line.getLevel()));
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
      LINES.list.clear();
      String answers = talk("GET /health HTTP/1.1\r\nHost: a\r\n\r\n" + next, false);
      assertThat(answers).as(next).startsWith("HTTP/1.1 200 ").contains(REFUSED);
      assertNothingIsLeft();
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
      LINES.list.clear();
      assertThat(talk(request, true)).as(request).startsWith("HTTP/1.").contains(REFUSED);
      assertNothingIsLeft();
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
      LINES.list.clear();
      assertThat(talk(request, true)).as(request).doesNotContain("HTTP/1.1 2", "HTTP/1.1 5");
      assertNothingIsLeft();
    }
  }
}
