package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.client.HazelcastClient;
import dev.penstock.testing.Await;
import dev.penstock.testing.Certificates;
import dev.penstock.testing.Checker;
import dev.penstock.testing.Fleet;
import dev.penstock.testing.HazelcastStranger;
import dev.penstock.testing.Program;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program's cluster with certificates, and who has none. */
final class ClusterTlsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Pattern ADDRESS =
      Pattern.compile("127\\.0\\.0\\.1:(\\d+) is one of 2 nodes");

  @TempDir Path folder;

  private static Map<String, String> with(Certificates certificates) {
    return Map.of(
        "CLUSTER_CERT_FILE", certificates.certificate().toString(),
        "CLUSTER_KEY_FILE", certificates.key().toString(),
        "CLUSTER_CA_FILE", certificates.authority().toString());
  }

  @Test
  void nodesWithCertificatesShareTheirWorkAndAStrangerGetsNothing() throws Exception {
    Certificates certificates = Certificates.make(folder);
    try (var fleet = Fleet.start(folder, with(certificates), 1, 1)) {
      var checker = new Checker();
      for (int i = 0; i < 20; i++) {
        checker.ping(fleet.api(0), "");
      }
      checker.settle(fleet.api(0), LIMIT).assertKept();
      Await.until(
          "they have met", LIMIT, () -> ADDRESS.matcher(fleet.http(0).process().log()).find());
      var found = ADDRESS.matcher(fleet.http(0).process().log());
      assertThat(found.find()).isTrue();
      int port = Integer.parseInt(found.group(1));

      var client = HazelcastStranger.client("penstock", port);
      boolean in;
      try {
        HazelcastClient.newHazelcastClient(client).shutdown();
        in = true;
      } catch (IllegalStateException e) {
        in = false;
      }
      assertThat(in).as("a client of Hazelcast").isFalse();
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setSoTimeout((int) LIMIT.toMillis());
        socket.getOutputStream().write("HZC".repeat(50).getBytes(StandardCharsets.US_ASCII));
        assertThat(socket.getInputStream().readAllBytes()).hasSizeLessThan(16);
      } catch (java.net.SocketException e) {
        assertThat(e).as("reset").hasMessageContaining("reset");
      }

      assertThat(fleet.api(0).get("/health/ready").json().path("status").asText()).isEqualTo("ok");
      var after = new Checker();
      after.ping(fleet.api(0), "");
      after.settle(fleet.api(0), LIMIT).assertKept();
      assertThat(fleet.http(0).process().log()).doesNotContain("Exception");
    }
  }

  @Test
  void outsideLoopbackANodeWithoutACertificateDoesNotStartAndSaysWhatToSet() throws Exception {
    Map<String, String> cluster = new HashMap<>();
    cluster.put("CLUSTER", "true");
    cluster.put("CLUSTER_HOST", "10.99.0.1");
    cluster.put("RABBITMQ_HOST", "127.0.0.1");
    cluster.put("REDIS_HOST", "127.0.0.1");
    var ended = Program.run(folder, cluster);
    assertThat(ended.status()).isEqualTo(2);
    assertThat(ended.output())
        .contains("cluster.cert-file", "cluster.key-file", "cluster.ca-file")
        .contains("cluster.closed-network");

    cluster.put("CLUSTER_CERT_FILE", "none.pem");
    cluster.put("CLUSTER_KEY_FILE", "none.key");
    cluster.put("CLUSTER_CA_FILE", "ca.pem");
    var without = Program.run(folder, cluster);
    assertThat(without.status()).isEqualTo(2);
    assertThat(without.output()).contains("cluster.cert-file = none.pem: there is no such file");
    assertThat(Files.exists(folder.resolve("data/penstock.db"))).isFalse();
  }
}
