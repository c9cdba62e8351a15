package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Scope;
import dev.penstock.testing.Await;
import dev.penstock.web.Share;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many addresses, none of which has many connections, and what is left to those who have a key. */
@Timeout(120)
final class CrowdTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int PLACES = 40;
  private static final String SLOW = "GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ";

  private final List<Socket> open = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // Started before each test.
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server =
        new TestServer(
            Map.of(
                "http.max-connections",
                "" + PLACES,
                "http.max-connections-per-address",
                "20",
                "http.read-timeout",
                "100s"));
  }

  @AfterEach
  void stop() throws Exception {
    for (Socket each : open) {
      each.close();
    }
    server.close();
  }

  private Socket from(int address, String request) throws IOException {
    var socket = new Socket();
    open.add(socket);
    socket.setSoTimeout((int) LIMIT.toMillis());
    socket.bind(new InetSocketAddress("127.0.0." + address, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    send(socket, request);
    return socket;
  }

  private static void send(Socket socket, String request) throws IOException {
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
  }

  private static String ask(String key) {
    return "GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key + "\r\n\r\n";
  }

  /** The status line of the next answer, of which the rest is read too; empty when it is closed. */
  private static String answer(Socket socket) throws IOException {
    var read = new StringBuilder();
    byte[] some = new byte[1 << 16];
    try {
      while (read.indexOf("\r\n\r\n") < 0 || !read.toString().endsWith("}")) {
        int count = socket.getInputStream().read(some);
        if (count < 0) {
          break;
        }
        read.append(new String(some, 0, count, StandardCharsets.US_ASCII));
      }
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      return ""; // it was closed with something unread in it
    }
    return read.toString().lines().findFirst().orElse("");
  }

  private static boolean closed(Socket socket) {
    try {
      socket.setSoTimeout(1);
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void aCrowdOfAddressesHasNoMorePlacesThanThereAreAndKeysKeepTheirs() throws Exception {
    Socket before = from(1, ask(TestServer.KEY));
    assertThat(answer(before)).contains(" 200 ");
    List<Socket> crowd = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      crowd.add(from(2 + i / 10, SLOW));
    }
    Await.until(
        "those without a place are closed",
        LIMIT,
        () -> crowd.stream().filter(CrowdTest::closed).count() == 200 - (PLACES - 1));
    assertThat(closed(crowd.getFirst())).as("the eldest went first").isTrue();
    assertThat(closed(crowd.getLast())).isFalse();
    assertThat(server.verticle().shares().crowdedOut()).isEqualTo(200 - (PLACES - 1));

    send(before, ask(TestServer.KEY));
    assertThat(answer(before)).as("a connection that a key has").contains(" 200 ");
    assertThat(answer(from(1, ask(TestServer.KEY)))).as("a new one").contains(" 200 ");
    String neighbour = server.key("neighbour", Scope.CLIENT);
    assertThat(answer(from(99, ask(neighbour)))).as("another key's").contains(" 200 ");
  }

  @Test
  void aKeyThatComesFromEverywhereLeavesPlacesToOthers() throws Exception {
    for (int i = 0; i < 36; i++) {
      assertThat(answer(from(2 + i / 4, ask(TestServer.KEY)))).as("number " + i).contains(" 200 ");
    }
    assertThat(answer(from(90, ask(TestServer.KEY)))).contains(" 429 ");
    String neighbour = server.key("neighbour", Scope.CLIENT);
    assertThat(answer(from(91, ask(neighbour)))).contains(" 200 ");
  }

  @Test
  void placesComeBackWhenConnectionsAreClosed() throws Exception {
    for (int round = 0; round < 5; round++) {
      List<Socket> some = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        Socket socket = from(2 + i / 4, ask(TestServer.KEY));
        assertThat(answer(socket)).contains(" 200 ");
        some.add(socket);
      }
      for (Socket each : some) {
        each.close();
      }
      Await.until("the key has none", LIMIT, () -> connections().used() == 0);
    }
    assertThat(server.verticle().shares().crowdedOut()).isZero();
  }

  private Share connections() {
    return server.verticle().shares().all().stream()
        .filter(share -> share.name().equals("connections"))
        .findFirst()
        .orElseThrow();
  }
}
