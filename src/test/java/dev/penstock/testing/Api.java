package dev.penstock.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;

/** A plain HTTP client of one Penstock. Every call has a limit. */
public final class Api implements AutoCloseable {
  public static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(150);

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();
  private final URI base;
  private final String key;

  public Api(URI base, String key) {
    this.base = base;
    this.key = key;
  }

  public URI base() {
    return base;
  }

  /** An answer: its status, headers and body read as JSON (null node when it is not JSON). */
  public record Answer(int status, HttpResponse<String> raw, JsonNode json) {}

  public Answer get(String path) throws IOException, InterruptedException {
    return send(request(path).GET().build());
  }

  public Answer delete(String path) throws IOException, InterruptedException {
    return send(request(path).DELETE().build());
  }

  /** A new key of that owner, with the scope client. */
  public String keyOf(String owner) throws IOException, InterruptedException {
    Answer made = post("/v1/keys", "{\"owner\":\"%s\",\"scopes\":[\"client\"]}".formatted(owner));
    if (made.status() != 201) {
      throw new AssertionError("no key: " + made.raw().body());
    }
    return made.json().path("key").asText();
  }

  /** Cancels and deletes every task: what one test left is nothing to the next. */
  public void clearTasks() throws IOException, InterruptedException {
    for (String path : List.of("/v1/tasks/cancel", "/v1/tasks/delete")) {
      Answer answer;
      do {
        answer = post(path, "{\"all\":true}");
        if (answer.status() != 200) {
          throw new AssertionError(path + ": " + answer.raw().body());
        }
      } while (answer.json().path("has_more").asBoolean());
    }
  }

  /** The sum of all samples of {@code /metrics} whose name and labels begin so. */
  public double metric(String beginning) throws IOException, InterruptedException {
    return get("/metrics")
        .raw()
        .body()
        .lines()
        .filter(line -> line.startsWith(beginning))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  /**
   * Posts JSON.
   *
   * @param headers names and values in turn
   */
  public Answer post(String path, String json, String... headers)
      throws IOException, InterruptedException {
    var request =
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json));
    return send((headers.length == 0 ? request : request.headers(headers)).build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(base.resolve(path))
        .timeout(LIMIT)
        .header("Authorization", "Bearer " + key);
  }

  private Answer send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    JsonNode json;
    try {
      json = JSON.readTree(response.body());
    } catch (JsonProcessingException e) {
      json = JSON.nullNode();
    }
    return new Answer(response.statusCode(), response, json);
  }

  @Override
  public void close() {
    client.close();
  }
}
