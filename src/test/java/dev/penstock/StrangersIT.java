package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.TinyModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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

  /** Everything that is answered without a key, errors too. */
  private static List<String> openAnswers() throws Exception {
    List<String> all = new ArrayList<>();
    for (String path :
        List.of(
            "/",
            "/login",
            "/health",
            "/health/live",
            "/health/ready",
            "/api/health",
            "/docs",
            "/docs/docs.js",
            "/metrics",
            "/v1/models",
            "/v1/workers",
            "/v1/tasks/none",
            "/none",
            "/%",
            "/dashboard",
            "/v1/worker/lease")) {
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), penstock.uri().getPort())) {
        socket.setSoTimeout(20_000);
        String request = "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".formatted(path);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        all.add(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return all;
  }

  @Test
  void aStrangerIsToldNoNamesPathsOrVersions() throws Exception {
    for (String answer : openAnswers()) {
      assertThat(answer)
          .startsWith("HTTP/1.1 ")
          .doesNotContain(
              folder.toString(),
              "\"" + TinyModel.QUICK + "\"",
              "penstock.db",
              "Exception",
              "at dev.")
          .doesNotContainIgnoringCase("\nserver:", "x-powered-by", "vert.x", "netty", "java/")
          .doesNotContain(System.getProperty("user.name") + "/", Runtime.version().toString());
    }
  }

  @Test
  void whatIsWrittenOnlyItsOwnerReads() throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
      assertThat(files.toList())
          .hasSizeGreaterThan(5)
          .allSatisfy(file ->
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                  .as(file.toString())
                  .endsWith("------"));
    }
  }

  @Test
  void aDatabaseThatWasEmptiedStopsTheStart(@TempDir Path other) throws Exception {
    try (var running = PenstockProcess.start(other, Map.of())) {
      running.kill();
      Files.write(running.database(), new byte[0]);
    }
    var ended = Program.run(other, Map.of("API_PORT", "0", "AUTH_TOKEN", PenstockProcess.KEY));
    assertThat(ended.status()).isEqualTo(1);
    assertThat(ended.output())
        .contains("penstock cannot start: the database ", "penstock.db is there, but empty")
        .contains("remove ");
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
