package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Scope;
import dev.penstock.security.ApiKeys;
import dev.penstock.testing.Await;
import dev.penstock.web.EventStream;
import dev.penstock.web.Route;
import dev.penstock.web.Route.Access;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventStreamTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String MUCH = "x".repeat(1 << 20);

  private final AtomicLong written = new AtomicLong();
  private final CountDownLatch began = new CountDownLatch(1);
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server =
        new TestServer(
            Map.of("shutdown.timeout", "60s"),
            List.of(
                Route.get("/endless", Access.OPEN, _ -> new EventStream(this::endless)),
                Route.get("/silent", Access.OPEN, _ -> new EventStream(this::silent)),
                Route.get("/mine", Access.KEY, _ -> new EventStream(this::begun))));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private void endless(EventStream.Sink sink) throws InterruptedException {
    while (true) {
      sink.event("much", "", MUCH);
      written.set(System.nanoTime());
    }
  }

  private void begun(EventStream.Sink sink) throws InterruptedException {
    sink.event("begun", "", "{}");
    silent(sink);
  }

  private void silent(EventStream.Sink sink) throws InterruptedException {
    began.countDown();
    try {
      new CountDownLatch(1).await(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      interrupted.countDown();
      throw e;
    }
  }

  private Socket ask(String path) throws IOException {
    return ask(path, "");
  }

  private Socket ask(String path, String headers) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(1 << 12);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    String head = "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Test
  void aClientThatHasStoppedReadingDoesNotHoldUpAStop() throws Exception {
    try (Socket _ = ask("/endless")) {
      Await.until(
          "nothing more fits into the sockets",
          LIMIT,
          () -> {
            long last = written.get();
            return last != 0 && System.nanoTime() - last > 1_000_000_000L;
          });
      var drained = server.verticle().drain().toCompletionStage().toCompletableFuture();
      drained.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void aStreamEndsWhenItsClientLeaves() throws Exception {
    Socket client = ask("/silent");
    assertThat(began.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    client.close();
    assertThat(interrupted.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whoOpensStreamsWithoutEndLeavesRoomForOthers() throws Exception {
    String other =
        ((ApiKeys.Created.Now) server.keys.create("other", Set.of(Scope.CLIENT), null, null))
            .secret();
    List<Socket> open = new ArrayList<>();
    try {
      String mine = stream(TestServer.KEY, open);
      while (mine.contains(" 200 ")) {
        assertThat(open.size()).as("there is a bound").isLessThan(1_000);
        mine = stream(TestServer.KEY, open);
      }
      assertThat(mine).contains(" 429 ");
      assertThat(open).hasSizeGreaterThan(400);
      assertThat(stream(other, open)).contains(" 200 ");
    } finally {
      for (Socket each : open) {
        each.close();
      }
    }
  }

  /** Opens another one; the status line of the answer. */
  private String stream(String key, List<Socket> open) throws IOException {
    Socket socket = ask("/mine", "Authorization: Bearer " + key + "\r\n");
    socket.setSoTimeout((int) LIMIT.toMillis());
    open.add(socket);
    return new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
        .readLine();
  }
}
