package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class TimedHttpTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private final TimedHttp http = new TimedHttp(HttpClient.newBuilder());
  private final CountDownLatch end = new CountDownLatch(1);

  @SuppressWarnings("NullAway.Init") // Started before each test.
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    http.close();
    server.stop(0);
  }

  private HttpResponse<String> get(Duration limit) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString(), limit);
  }

  @Test
  void aBodyThatDoesNotEndIsNotWaitedForBeyondTheLimit() {
    server.createContext(
        "/",
        call -> {
          call.sendResponseHeaders(200, 0);
          call.getResponseBody().write('a');
          call.getResponseBody().flush();
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          call.close();
        });
    assertThatThrownBy(() -> get(Duration.ofSeconds(1)))
        .isInstanceOf(HttpTimeoutException.class)
        .hasMessage("no reply within 1 s");
  }

  @Test
  void whereNobodyListensTheFailureIsTheConnections() {
    server.stop(0);
    assertThatThrownBy(() -> get(LONG)).isInstanceOf(ConnectException.class);
  }

  private Duration retryAfter(String value) throws Exception {
    var context =
        server.createContext(
            "/",
            call -> {
              call.getResponseHeaders().set("Retry-After", value);
              call.sendResponseHeaders(503, -1);
              call.close();
            });
    try {
      return TimedHttp.retryAfter(get(LONG)).orElse(Duration.ZERO);
    } finally {
      server.removeContext(context);
    }
  }

  @Test
  void aServerIsLeftAloneForAMinuteAtMostHoweverLongItAsksFor() throws Exception {
    assertThat(retryAfter("7")).isEqualTo(Duration.ofSeconds(7));
    assertThat(retryAfter("999999999")).isEqualTo(Duration.ofMinutes(1));
    assertThat(retryAfter("-1")).isEqualTo(Duration.ZERO);
    assertThat(retryAfter("tomorrow")).isEqualTo(Duration.ZERO);
  }
}
