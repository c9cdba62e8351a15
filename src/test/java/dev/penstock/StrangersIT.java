package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody without a key can do to the program as it is shipped. */
final class StrangersIT {
  private static final int METHODS = 500;

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static Api api;

  @BeforeAll
  static void start() throws Exception {
    penstock = PenstockProcess.start(folder, Map.of());
    api = penstock.api();
  }

  @AfterAll
  static void stop() throws Exception {
    api.close();
    penstock.close();
  }

  private static String metrics() throws Exception {
    return api.get("/metrics").raw().body();
  }

  /** Sends one request after the other over one connection: each is refused. */
  private static void send(String path) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), penstock.uri().getPort());
        var answers =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      for (int i = 0; i < METHODS; i++) {
        String request = "MADEUP%d %s HTTP/1.1\r\nHost: a\r\n\r\n".formatted(i, path);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        assertThat(answers.readLine()).matches("HTTP/1.1 40[45] .*");
        int length = 0;
        for (String line = answers.readLine(); !line.isEmpty(); line = answers.readLine()) {
          if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
            length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
          }
        }
        assertThat(answers.skip(length)).isEqualTo(length);
      }
    }
  }

  @Test
  void methodsThatAStrangerThinksUpAreOneLabelOfTheMetrics() throws Exception {
    send("/v1/tasks");
    send("/nowhere");
    assertThat(metrics()).contains("method=\"OTHER\"").doesNotContain("MADEUP");
  }

  @Test
  void pathsThatAStrangerThinksUpAreNoLabelsOfTheMetrics() throws Exception {
    for (int i = 0; i < 50; i++) {
      assertThat(api.get("/made-up-" + i).status()).isEqualTo(404);
      assertThat(api.get("/v1/models/made-up-" + i).status()).isEqualTo(404);
      assertThat(api.get("/v1/tasks/made-up-" + i + "/result").status()).isBetween(400, 404);
    }
    assertThat(metrics()).doesNotContain("made-up");
  }
}
