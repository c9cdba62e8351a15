package dev.penstock.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client that follows a task as a browser does: it keeps what it is told of the pieces, and comes
 * back with the last id when its connection breaks. What it is told twice or out of order fails it.
 */
public final class PieceFollower implements Callable<PieceFollower.Told> {
  private static final int CONNECT_MS = 10_000;
  private static final int SILENCE_MS = 60_000;
  private static final long AGAIN_MS = 100;
  private static final int OK = 200;

  private final URI events;
  private final @Nullable CountDownLatch readsOn;
  private final Map<Long, String> pieces = new TreeMap<>();
  private volatile long expected;
  private boolean gap;
  private int restarts;
  private @Nullable String result;
  private @Nullable String lastId;
  private @Nullable JsonNode ended;

  /**
   * What it was told.
   *
   * @param pieces by their numbers
   * @param gap whether it was told that some are missing
   * @param result the whole, where it was told
   * @param task as it ended
   */
  public record Told(
      Map<Long, String> pieces,
      boolean gap,
      int restarts,
      @Nullable String result,
      JsonNode task) {}

  /**
   * @param readsOn it stops to read after its first event until this opens; null: it never stops
   */
  public PieceFollower(URI server, String id, @Nullable CountDownLatch readsOn) {
    events = server.resolve("/v1/tasks/" + id + "/events");
    this.readsOn = readsOn;
  }

  /** The number of the piece that it is to be told next. */
  public long next() {
    return expected;
  }

  @Override
  public Told call() throws Exception {
    while (ended == null) {
      try {
        follow();
      } catch (IOException e) {
        TimeUnit.MILLISECONDS.sleep(AGAIN_MS); // as EventSource does, which waits for longer
      }
    }
    return new Told(pieces, gap, restarts, result, ended);
  }

  private void follow() throws Exception {
    var connection = (HttpURLConnection) events.toURL().openConnection();
    connection.setConnectTimeout(CONNECT_MS);
    connection.setReadTimeout(SILENCE_MS);
    connection.setRequestProperty("Authorization", "Bearer " + PenstockProcess.KEY);
    if (lastId != null) {
      connection.setRequestProperty("Last-Event-ID", lastId);
    }
    if (connection.getResponseCode() != OK) {
      throw new IOException("answered " + connection.getResponseCode());
    }
    try (var lines =
        new BufferedReader(
            new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
      Map<String, String> event = new HashMap<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int colon = line.indexOf(": ");
        if (colon > 0) {
          event.put(line.substring(0, colon), line.substring(colon + 2));
        } else if (line.isEmpty() && event.containsKey("event")) {
          take(event);
          event.clear();
          if (readsOn != null) {
            readsOn.await();
          }
        }
      }
    }
  }

  private void take(Map<String, String> event) throws IOException {
    String data = event.getOrDefault("data", "");
    String id = event.get("id");
    if (id != null) {
      lastId = id;
    }
    switch (event.get("event")) {
      case "piece" -> {
        long number = number(id) - 1;
        if (number != expected) {
          throw new AssertionError("piece " + number + " after " + expected + ": " + event);
        }
        pieces.put(number, data);
        expected = number + 1;
      }
      case "restart" -> {
        pieces.clear();
        expected = 0;
        restarts++;
      }
      case "gap" -> {
        gap = true;
        expected = Api.JSON.readTree(data).path("to").asLong(expected);
      }
      case "result" -> result = data;
      case "status" -> {
        JsonNode task = Api.JSON.readTree(data);
        if (task.hasNonNull("finished_at")) {
          ended = task;
        }
      }
      case null, default -> {}
    }
  }

  private static long number(@Nullable String id) {
    String place = String.valueOf(id);
    String[] parts = place.substring(place.lastIndexOf('/') + 1).split("\\.", -1);
    return Long.parseLong(parts[1]);
  }
}
