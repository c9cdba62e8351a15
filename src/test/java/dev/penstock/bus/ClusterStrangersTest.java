package dev.penstock.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.client.HazelcastClient;
import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.TaskEnded;
import dev.penstock.config.SettingsLoader;
import dev.penstock.task.TaskId;
import dev.penstock.testing.Await;
import dev.penstock.testing.Certificates;
import dev.penstock.testing.FreePort;
import dev.penstock.testing.HazelcastStranger;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What those get who reach the ports of a cluster, with its certificates and without. */
final class ClusterStrangersTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;
  private final String name = "strangers-" + FreePort.next();
  private final List<Node> nodes = new ArrayList<>();
  private final List<HazelcastInstance> others = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    for (Node node : nodes.reversed()) {
      close(node.vertx());
    }
    others.forEach(HazelcastInstance::shutdown);
  }

  private static void close(Vertx vertx) throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  /** A node, and the tasks of whose end it was told. */
  private record Node(Vertx vertx, Bus bus, int port, int busPort, Set<TaskId> told) {
    boolean hears(Bus other) {
      TaskId task = TaskId.random();
      try {
        Await.until(
            "the others are heard",
            LIMIT,
            () -> {
              other.tellAll(new TaskEnded(task));
              return told.contains(task);
            });
        return true;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  /** A node that knows of those there are. */
  private Node join(Map<String, String> more) throws Exception {
    int port = FreePort.next();
    int busPort = FreePort.next();
    Map<String, String> given = new HashMap<>();
    given.put("cluster.name", name);
    given.put("cluster.port", Integer.toString(port));
    given.put("cluster.bus-port", Integer.toString(busPort));
    given.put(
        "cluster.members",
        Stream.concat(nodes.stream().map(Node::port), Stream.of(port))
            .map(each -> "127.0.0.1:" + each)
            .reduce((a, b) -> a + "," + b)
            .orElseThrow());
    given.putAll(more);
    var settings = SettingsLoader.load(List.of(), given, Map.of(), null).settings().cluster();
    Vertx vertx =
        Cluster.join(Vertx.builder(), new VertxOptions(), settings)
            .toCompletionStage()
            .toCompletableFuture()
            .get(60, TimeUnit.SECONDS);
    Bus bus = Bus.over(vertx, "node-" + port);
    Set<TaskId> told = ConcurrentHashMap.newKeySet();
    bus.listenAll(TaskEnded.class, event -> told.add(event.id()));
    var node = new Node(vertx, bus, port, busPort, told);
    nodes.add(node);
    return node;
  }

  private static Map<String, String> with(Certificates certificates) {
    return Map.of(
        "cluster.cert-file", certificates.certificate().toString(),
        "cluster.key-file", certificates.key().toString(),
        "cluster.ca-file", certificates.authority().toString());
  }

  private Certificates authority(String name) throws Exception {
    return Certificates.make(Files.createDirectories(folder.resolve(name)));
  }

  private HazelcastInstance plain(int port, int... known) {
    var config = new Config();
    config.setClusterName(name);
    config.setProperty("hazelcast.logging.type", "slf4j");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.setProperty("hazelcast.partition.count", "31");
    config.setProperty("hazelcast.socket.bind.any", "false");
    config.setProperty("hazelcast.max.join.seconds", "5");
    config.getNetworkConfig().setPort(port).setPortAutoIncrement(false);
    config.getNetworkConfig().setPublicAddress("127.0.0.1:" + port);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    var join = config.getNetworkConfig().getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:" + port);
    for (int each : known) {
      join.getTcpIpConfig().addMember("127.0.0.1:" + each);
    }
    HazelcastInstance instance = Hazelcast.newHazelcastInstance(config);
    others.add(instance);
    return instance;
  }

  private void assertNoClientGetsIn(int port) {
    var client = HazelcastStranger.client(name, port);
    assertThatThrownBy(() -> HazelcastClient.newHazelcastClient(client))
        .isInstanceOf(IllegalStateException.class);
  }

  /** Sends bytes in clear and reads what comes until the other side has enough. */
  private static byte[] sayInClear(int port, String text) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return whatComes(socket);
    }
  }

  private static byte[] whatComes(Socket socket) throws IOException {
    socket.setSoTimeout((int) LIMIT.toMillis());
    try {
      return socket.getInputStream().readAllBytes();
    } catch (SocketException e) {
      return new byte[0]; // reset
    }
  }

  /**
   * Shakes hands without a certificate, trusting everybody, and reads until the other side ends.
   */
  private static void assertRefused(int port) throws Exception {
    SSLContext trusting = SSLContext.getInstance("TLS");
    trusting.init(
        null,
        new TrustManager[] {
          new X509TrustManager() {
            @Override
            public void checkClientTrusted(
                java.security.cert.X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(
                java.security.cert.X509Certificate[] chain, String type) {}

            @Override
            public java.security.cert.X509Certificate[] getAcceptedIssuers() {
              return new java.security.cert.X509Certificate[0];
            }
          }
        },
        null);
    try (var socket =
        (SSLSocket)
            trusting.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                socket.getOutputStream().write("HZC".getBytes(StandardCharsets.US_ASCII));
                if (socket.getInputStream().read() < 0) {
                  throw new IOException("closed without a word");
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void nodesWithCertificatesOfOneAuthorityHearEachOther() throws Exception {
    Certificates certificates = authority("ours");
    Node first = join(with(certificates));
    Node second = join(with(certificates.another("second")));

    assertThat(first.hears(second.bus())).isTrue();
    assertThat(second.hears(first.bus())).isTrue();
    close(second.vertx());
    nodes.remove(second);
    Node third = join(with(certificates.another("third")));
    assertThat(first.hears(third.bus())).isTrue();
    assertThat(third.hears(first.bus())).isTrue();
  }

  @Test
  void aStrangerWithoutACertificateOrWithAnotherAuthoritysGetsNothing() throws Exception {
    Certificates certificates = authority("ours");
    Node first = join(with(certificates));
    Node second = join(with(certificates));
    assertThat(first.hears(second.bus())).isTrue();
    Set<String> drained = ConcurrentHashMap.newKeySet();
    first.bus().listenAll(DrainWorker.class, event -> drained.add(event.worker()));

    for (int port : List.of(first.port(), first.busPort())) {
      for (String text :
          List.of("HZC" + "\0".repeat(64), "CP2" + "\0".repeat(64), "GET / HTTP/1.1\r\n\r\n")) {
        byte[] answer = sayInClear(port, text);
        assertThat(new String(answer, StandardCharsets.ISO_8859_1))
            .as("an alert of TLS, or nothing")
            .hasSizeLessThan(16)
            .doesNotContain("HZ", "penstock", "java");
      }
      assertRefused(port);
    }
    assertNoClientGetsIn(first.port());

    // Who knows the cluster's name, and the addresses of its nodes.
    assertThatThrownBy(() -> plain(FreePort.next(), first.port(), second.port()))
        .as("somebody answers, and not as a member")
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("failed to start");
    Node other = join(with(authority("theirs")));
    other.bus().tellAll(new DrainWorker("node-" + first.port(), null));
    assertThat(other.bus().call(new Request.ReadClusterHealth()))
        .singleElement()
        .satisfies(part -> assertThat(part.degraded()).isTrue());
    assertThat(other.told()).isEmpty();

    assertThat(first.hears(second.bus())).isTrue();
    assertThat(second.hears(first.bus())).isTrue();
    assertThat(drained).isEmpty();
    assertThat(first.bus().call(new Request.ReadClusterHealth()))
        .singleElement()
        .satisfies(part -> assertThat(part.message()).isEqualTo("2 nodes are there"));
  }

  @Test
  void aNodeWithACertificateGoesOnAloneWhereTheOthersHaveNone() throws Exception {
    Node plain = join(Map.of());
    Node first = join(with(authority("ours")));
    assertThat(first.bus().call(new Request.ReadClusterHealth()))
        .singleElement()
        .satisfies(part -> assertThat(part.degraded()).isTrue());
    assertThat(first.hears(first.bus())).isTrue();
    assertThat(plain.hears(plain.bus())).isTrue();
    assertThat(plain.told()).hasSize(1);
  }

  @Test
  void manySilentConnectionsKeepNoNodeOut() throws Exception {
    Certificates certificates = authority("ours");
    Node first = join(with(certificates));
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 200; i++) {
        silent.add(new Socket(InetAddress.getLoopbackAddress(), first.port()));
      }
      Node second = join(with(certificates));
      assertThat(first.hears(second.bus())).isTrue();
      assertThat(whatComes(silent.getFirst())).as("it has made room").isEmpty();
    } finally {
      for (Socket each : silent) {
        each.close();
      }
    }
  }

  @Test
  void withoutCertificatesANodeOfTheVersionBeforeJoinsAndClientsDoNot() throws Exception {
    Node first = join(Map.of());
    HazelcastInstance before = plain(FreePort.next(), first.port());
    assertThat(before.getCluster().getMembers()).hasSize(2);
    assertNoClientGetsIn(first.port());
    Node second = join(Map.of());
    assertThat(first.hears(second.bus())).isTrue();
  }

  /** Stands for any class that a library brings, and that does something when it is read. */
  private static final class Gadget implements Serializable {
    private static final long serialVersionUID = 1;
    private final String text = "x";

    @Override
    public String toString() {
      return text;
    }
  }

  @Test
  void whatANeighbourPutsThereInJavasFormIsNotRead() throws Exception {
    Node first = join(Map.of());
    HazelcastInstance neighbour = plain(FreePort.next(), first.port());
    neighbour.getMap("any").put("gadget", new Gadget());
    neighbour.getMap("any").put("text", "fine");
    HazelcastInstance ours =
        Hazelcast.getAllHazelcastInstances().stream()
            .filter(one -> one.getCluster().getLocalMember().getAddress().getPort() == first.port())
            .findFirst()
            .orElseThrow();
    assertThat(ours.getMap("any").get("text")).isEqualTo("fine");
    assertThatThrownBy(() -> ours.getMap("any").get("gadget"))
        .hasStackTraceContaining("Resolving class " + Gadget.class.getName() + " is not allowed");
    assertThat(neighbour.getMap("any").get("gadget")).hasToString("x");
  }

  @Test
  void aNodeThatHasLostTheOthersSaysThatItIsAlone() throws Exception {
    Certificates certificates = authority("ours");
    Node first = join(with(certificates));
    assertThat(first.bus().call(new Request.ReadClusterHealth()))
        .singleElement()
        .satisfies(part -> {
          assertThat(part.ok()).isTrue();
          assertThat(part.degraded()).as("it names nobody else").isFalse();
        });
    Node second = join(with(certificates));
    assertThat(first.hears(second.bus())).isTrue();
    close(second.vertx());
    nodes.remove(second);
    Await.until(
        "it is alone",
        LIMIT,
        () -> first.bus().call(new Request.ReadClusterHealth()).getFirst().degraded());
    assertThat(first.bus().call(new Request.ReadClusterHealth()).getFirst().ok())
        .as("the work goes on")
        .isTrue();
  }
}
