package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Await;
import dev.penstock.testing.Certificates;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.TcpProxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker and a server with a proxy in between that speaks TLS. */
final class RemoteTlsIT {
  @TempDir static Path folder;
  private static Certificates certificates;
  private static PenstockProcess penstock;
  private static TcpProxy proxy;

  @BeforeAll
  static void start() throws Exception {
    certificates = Certificates.make(Files.createDirectory(folder.resolve("right")));
    penstock =
        PenstockProcess.start(
            Files.createDirectory(folder.resolve("server")), Map.of("MODEL_TYPE", "embedding"));
    proxy = TcpProxy.tls(penstock.uri().getPort(), certificates);
  }

  @AfterAll
  static void stop() throws Exception {
    proxy.close();
    penstock.close();
  }

  private static Program.Ended refused(URI server, String... options) throws Exception {
    String[] all = new String[options.length + 3];
    System.arraycopy(new String[] {"worker", "--server", server.toString()}, 0, all, 0, 3);
    System.arraycopy(options, 0, all, 3, options.length);
    return Program.run(folder, WorkerFarAway.KEY, all);
  }

  private static void notTrusted(Program.Ended ended) {
    assertThat(ended.output())
        .contains("cannot start", "its certificate is not trusted: ", "--ca-file");
    assertThat(ended.status()).isEqualTo(1);
  }

  @Test
  void aWorkerRunsTasksThroughTlsWithTheRightAuthority() throws Exception {
    String authority = certificates.authority().toString();
    try (var api = penstock.api();
        var worker =
            WorkerFarAway.start(folder, proxy.uri(), "through-tls", "--ca-file", authority)) {
      String id = api.post("/v1/tasks", "{\"type\":\"ping\"}").json().path("id").asText();
      Await.until(
          "it is done",
          Duration.ofSeconds(20),
          () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals("completed"));
      assertThat(api.get("/v1/tasks/" + id).json().path("worker").asText())
          .isEqualTo("through-tls");
      assertThat(worker.output()).doesNotContain("clear text");
      assertThat(worker.terminate()).isZero();
    }
  }

  @Test
  void anotherAuthorityThanTheServersIsNotEnough() throws Exception {
    Certificates others = Certificates.make(Files.createDirectory(folder.resolve("wrong")));
    notTrusted(refused(proxy.uri(), "--ca-file", others.authority().toString()));
    notTrusted(refused(proxy.uri()));
  }

  @Test
  void aCertificateForAnotherHostIsNotEnough() throws Exception {
    URI other = URI.create("https://localhost:" + proxy.uri().getPort());
    Program.Ended ended = refused(other, "--ca-file", certificates.authority().toString());
    notTrusted(ended);
    assertThat(ended.output()).contains("localhost");
  }

  @Test
  void aServerWithoutTlsIsNamedAndNotTriedForEver() throws Exception {
    URI clear = URI.create("https://127.0.0.1:" + penstock.uri().getPort());
    Program.Ended ended = refused(clear);
    assertThat(ended.output()).contains("cannot start", "does not speak TLS", "http://");
    assertThat(ended.status()).isEqualTo(1);
  }

  @Test
  void aFileWithoutCertificatesIsAWrongOption() throws Exception {
    Path junk = Files.writeString(folder.resolve("junk.pem"), "no certificate");
    for (Path file : new Path[] {junk, certificates.key(), folder.resolve("none.pem")}) {
      Program.Ended ended = refused(proxy.uri(), "--ca-file", file.toString());
      assertThat(ended.output()).contains("--ca-file: " + file);
      assertThat(ended.status()).isEqualTo(2);
    }
  }

  @Test
  void aKeyThatGoesInClearTextIsWarnedOf() throws Exception {
    try (var worker =
        Program.start(
            folder, WorkerFarAway.KEY, "worker", "--server", "http://penstock.invalid:8000")) {
      worker.awaitOutput("go to http://penstock.invalid:8000 in clear text");
    }
  }
}
