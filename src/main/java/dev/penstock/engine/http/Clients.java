package dev.penstock.engine.http;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The connections to all servers, kept for the next request. */
final class Clients {
  /** By how long a connection may take: few do not take the usual time. */
  private static final Map<Duration, HttpClient> ALL = new ConcurrentHashMap<>();

  private Clients() {}

  /**
   * Waits for a reply's head.
   *
   * @throws HttpTimeoutException when it does not come within that time
   */
  static HttpResponse<ByteStream> send(HttpRequest request, Duration connect, long nanos)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<ByteStream>> sent =
        ALL.computeIfAbsent(connect, Clients::client).sendAsync(request, _ -> new ByteStream());
    boolean taken = false;
    try {
      HttpResponse<ByteStream> reply = sent.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      taken = true;
      return reply;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("no reply in time");
    } finally {
      if (!taken) {
        sent.cancel(true); // the server sees us leave
        var _ =
            sent.whenComplete((late, _) -> {
              if (late != null) {
                late.body().close();
              }
            });
      }
    }
  }

  /** HTTP/1.1, so that nobody is asked to speak anything newer. */
  private static HttpClient client(Duration connect) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(connect)
        .build();
  }
}
