package dev.penstock.chaos;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What can happen to any Penstock: hostile inputs, slow clients, an owner who fills the store. */
final class Usual {
  static final Map<String, String> SETTINGS =
      Map.of(
          "PING_ALLOW_CRASH", "true",
          "TASK_MAX_LOST", "3",
          "TASK_RETRY_BASE", "100ms",
          "HTTP_MAX_CONNECTIONS_PER_ADDRESS", "500",
          "JAVA_TOOL_OPTIONS", "-Xmx384m");

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int SLOW_CLIENTS = 30;
  private static final int LARGE = 400_000;
  private static final int MOST_LARGE = 400;

  private Usual() {}

  static List<Fault> faults(House house) {
    return List.of(
        new Fault("an input that kills its process", true, random -> poison(house, random)),
        new Fault("texts that nobody writes", false, random -> texts(house, random)),
        new Fault("clients that send and read slowly", false, random -> slow(house, random)),
        new Fault("an owner who fills the store", false, random -> full(house, random)));
  }

  /** Until it has failed whoever died is started again. */
  private static void poison(House house, Random random) throws Exception {
    Answer accepted =
        house.door(random).post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"crash\":true}}");
    if (accepted.status() != 202) {
      return;
    }
    String path = "/v1/tasks/" + accepted.json().path("id").asText();
    Await.until(
        "the culprit has failed",
        LIMIT,
        () -> {
          for (PenstockProcess node : house.nodes()) {
            if (!node.alive()) {
              node.relaunch();
            }
          }
          try {
            return house.door(random).get(path).json().path("status").asText().equals("failed");
          } catch (IOException e) {
            return false;
          }
        });
  }

  /** None may be answered with a 500. */
  private static void texts(House house, Random random) throws Exception {
    List<String> inputs =
        new ArrayList<>(
            List.of(
                "\"" + "a".repeat(1_000_000) + "\"",
                "\"" + " ".repeat(1_000_000) + "\"",
                "\"\\u0000\\u0001\\u001f\"",
                "\"\\ud83d\"",
                "\"\\u202e\\u200b\\ufeff\"",
                "[" + "58040,".repeat(50_000) + "58040]",
                "[]",
                "[[]]",
                "[\"\"]",
                "null",
                "{\"a\":" + "[".repeat(40) + "]".repeat(40) + "}"));
    for (int i = 0; i < 4; i++) {
      String input = inputs.remove(random.nextInt(inputs.size()));
      Answer answer = house.door(random).post("/v1/embeddings", "{\"input\":" + input + "}");
      if (answer.status() == 500) {
        throw new AssertionError(
            "500 for " + input.substring(0, Math.min(60, input.length())) + answer.raw().body());
      }
    }
  }

  private static void slow(House house, Random random) throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < SLOW_CLIENTS; i++) {
        URI uri = house.door(random).base();
        var socket = new Socket(uri.getHost(), uri.getPort());
        sockets.add(socket);
        OutputStream out = socket.getOutputStream();
        String head =
            "Host: %s\r\nAuthorization: Bearer %s\r\n"
                .formatted(uri.getAuthority(), PenstockProcess.KEY);
        String request =
            random.nextBoolean()
                ? "POST /v1/tasks HTTP/1.1\r\n" + head + "Content-Length: 5000\r\n\r\n{\"type\":"
                : "GET /v1/tasks?limit=100 HTTP/1.1\r\n" + head + "\r\n";
        out.write(request.getBytes(StandardCharsets.US_ASCII));
      }
      TimeUnit.MILLISECONDS.sleep(1_000 + random.nextInt(3_000)); // is the fault itself
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  /** What fills it is cancelled in the end, and so has to leave by itself. */
  private static void full(House house, Random random) throws Exception {
    Api door = house.door(random);
    String body =
        "{\"type\":\"ping\",\"delay_seconds\":3600,\"input\":{\"s\":\"%s\"}}"
            .formatted("x".repeat(LARGE));
    try (Closeable _ = house.narrow();
        var filler = new Api(door.base(), door.keyOf("filler-" + random.nextInt(1_000_000)))) {
      int taken = 0;
      while (taken < MOST_LARGE && filler.post("/v1/tasks", body).status() == 202) {
        taken++;
      }
      TimeUnit.SECONDS.sleep(2); // is the fault itself
      Await.until(
          "what fills the store is cancelled",
          LIMIT,
          () -> {
            Answer swept = filler.post("/v1/tasks/cancel", "{\"type\":\"ping\"}");
            return swept.status() == 200 && !swept.json().path("has_more").asBoolean();
          });
    }
  }
}
