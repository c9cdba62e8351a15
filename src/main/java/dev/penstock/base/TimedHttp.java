package dev.penstock.base;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * An HTTP client whose every call has a limit, which the JDK's own time-out is not: that ends with
 * the reply's head. It follows no redirects. Safe for many threads.
 */
public final class TimedHttp implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final long MAX_RETRY_AFTER = 60;

  private final HttpClient http;

  /**
   * @param builder with what is particular to this client
   */
  public TimedHttp(HttpClient.Builder builder) {
    http = builder.connectTimeout(CONNECT).followRedirects(HttpClient.Redirect.NEVER).build();
  }

  /**
   * Waits for what the handler makes of the reply, at most so long.
   *
   * @throws IOException when there is none
   */
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler, Duration limit)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<T>> sent = http.sendAsync(request, handler);
    try {
      return sent.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("no reply within " + limit.toSeconds() + " s");
    } finally {
      sent.cancel(true); // nothing where it has ended; else the server sees us leave
    }
  }

  /** How long the server wants to be left alone, a minute at most; empty: it says nothing. */
  public static Optional<Duration> retryAfter(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(value -> value.matches("\\d{1,9}"))
        .map(value -> Duration.ofSeconds(Math.min(MAX_RETRY_AFTER, Long.parseLong(value))));
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
