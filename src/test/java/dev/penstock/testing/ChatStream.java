package dev.penstock.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client that reads a stream of chunks as OpenAI's clients do, and no faster than it is asked.
 */
public final class ChatStream implements AutoCloseable {
  private static final int SILENCE_MS = 60_000;
  private static final int OK = 200;

  private final HttpURLConnection connection;
  private final Map<Integer, StringBuilder> texts = new HashMap<>();
  private @Nullable BufferedReader lines;
  private @Nullable JsonNode error;
  private @Nullable String lastId;
  private boolean done;

  private ChatStream(HttpURLConnection connection) {
    this.connection = connection;
  }

  /**
   * Sends a body; what comes is not waited for.
   *
   * @param headers names and values in turn
   */
  public static ChatStream post(URI server, String path, String body, String... headers)
      throws IOException {
    HttpURLConnection connection = connection(server, path, headers);
    connection.setRequestMethod("POST");
    connection.setRequestProperty("Content-Type", "application/json");
    connection.setDoOutput(true);
    connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    return new ChatStream(connection);
  }

  public static ChatStream get(URI server, String path, String... headers) throws IOException {
    return new ChatStream(connection(server, path, headers));
  }

  private static HttpURLConnection connection(URI server, String path, String... headers)
      throws IOException {
    var connection = (HttpURLConnection) server.resolve(path).toURL().openConnection();
    connection.setReadTimeout(SILENCE_MS);
    connection.setRequestProperty("Authorization", "Bearer " + PenstockProcess.KEY);
    for (int i = 0; i < headers.length; i += 2) {
      connection.setRequestProperty(headers[i], headers[i + 1]);
    }
    return connection;
  }

  public int status() throws IOException {
    return connection.getResponseCode();
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(connection.getHeaderField(name));
  }

  /** Of an answer that is no stream. */
  public JsonNode body() throws IOException {
    InputStream body = status() == OK ? connection.getInputStream() : connection.getErrorStream();
    return Api.JSON.readTree(body);
  }

  /** The next chunk. */
  public JsonNode next() throws IOException {
    JsonNode chunk = chunk();
    if (chunk == null) {
      throw new AssertionError("the stream has ended: " + error);
    }
    return chunk;
  }

  /** All that come. */
  public List<JsonNode> rest() throws IOException {
    var rest = new ArrayList<JsonNode>();
    for (JsonNode chunk = chunk(); chunk != null; chunk = chunk()) {
      rest.add(chunk);
    }
    return rest;
  }

  private @Nullable JsonNode chunk() throws IOException {
    if (lines == null) {
      if (status() != OK) {
        throw new AssertionError(status() + " " + body());
      }
      lines =
          new BufferedReader(
              new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
    }
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("id: ")) {
        lastId = line.substring("id: ".length());
      } else if (line.equals("data: [DONE]")) {
        done = true;
      } else if (line.startsWith("data: ")) {
        JsonNode data = Api.JSON.readTree(line.substring("data: ".length()));
        if (data.has("error")) {
          error = data.path("error");
        } else {
          keep(data);
          return data;
        }
      }
    }
    return null;
  }

  private void keep(JsonNode chunk) {
    for (JsonNode choice : chunk.path("choices")) {
      JsonNode delta = choice.path("delta");
      String text = choice.path("text").asText(delta.path("content").asText(""));
      texts.computeIfAbsent(choice.path("index").asInt(), _ -> new StringBuilder()).append(text);
    }
  }

  /** What the first answer has come to. */
  public String text() {
    return text(0);
  }

  public String text(int choice) {
    return texts.getOrDefault(choice, new StringBuilder()).toString();
  }

  /** The id of the last event that had one. */
  public String lastId() {
    return String.valueOf(lastId);
  }

  /** Whether it was told that this is all. */
  public boolean done() {
    return done;
  }

  public JsonNode error() {
    if (error == null) {
      throw new AssertionError("no error was told");
    }
    return error;
  }

  @Override
  public void close() {
    connection.disconnect();
  }
}
