package dev.penstock.remote;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.remote.RemoteDispatch.Meeting;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskId;
import dev.penstock.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a server that is as slow as a bad line. */
@Timeout(60)
final class RemoteDispatchTest {
  private static final Duration SOON = Duration.ofMillis(300);
  private static final Duration LATE = Duration.ofSeconds(20);

  private final CountDownLatch line = new CountDownLatch(1);
  private final AtomicInteger settles = new AtomicInteger();
  private HttpServer http;
  private RemoteDispatch dispatch;

  @BeforeEach
  void meet() throws Exception {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext(
        "/v1/worker/extend", call -> answer(call, "{\"leases\":[],\"lease_seconds\":30}"));
    http.createContext(
        "/v1/worker/settle",
        call -> {
          call.getRequestBody().readAllBytes();
          settles.incrementAndGet();
          try {
            line.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          answer(call, "{\"status\":\"settled\"}");
        });
    http.start();
    URI uri = URI.create("http://127.0.0.1:" + http.getAddress().getPort());
    var met = RemoteDispatch.meet(new RemoteServer(uri, "key", null), "slow", SOON);
    dispatch = ((Meeting.Met) met).dispatch();
  }

  @AfterEach
  void stop() throws Exception {
    line.countDown();
    dispatch.close();
    http.stop(0);
  }

  private static void answer(HttpExchange call, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    call.sendResponseHeaders(200, body.length);
    call.getResponseBody().write(body);
    call.close();
  }

  @Test
  void aResultThatTakesLongIsSentOnceHoweverOftenItIsAskedFor() throws Exception {
    var settle =
        List.of(
            new SettleTask(TaskId.random(), null, "token", new Outcome.Postpone(Duration.ZERO)));
    assertThat(dispatch.settle(settle, SOON)).containsExactly(SettleReply.UNANSWERED);
    assertThat(dispatch.settle(settle, SOON)).containsExactly(SettleReply.UNANSWERED);
    var replies = new FutureTask<>(() -> dispatch.settle(settle, LATE));
    var asking = Thread.ofPlatform().start(replies);
    Await.until("it waits", LATE, () -> asking.getState() == Thread.State.TIMED_WAITING);
    line.countDown();
    assertThat(replies.get(20, TimeUnit.SECONDS)).containsExactly(SettleReply.SETTLED);
    assertThat(settles).hasValue(1);
  }
}
