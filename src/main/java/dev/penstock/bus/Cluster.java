package dev.penstock.bus;

import com.hazelcast.config.AdvancedNetworkConfig;
import com.hazelcast.config.ClassFilter;
import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MultiMapConfig;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.config.ServerSocketEndpointConfig;
import dev.penstock.base.Loopback;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is in the cluster, and where their event buses listen; events themselves go from node to node
 * directly. Nothing is locked, elected or kept here: the store decides who may do what.
 */
public final class Cluster {
  private static final int PARTITIONS = 31;
  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
  private static final Duration FIND_WITHIN = Duration.ofSeconds(10);
  private static final Duration SAY_AGAIN_EVERY = Duration.ofSeconds(5);

  private static final Map<String, String> PROPERTIES =
      Map.ofEntries(
          Map.entry("hazelcast.phone.home.enabled", "false"),
          Map.entry("hazelcast.shutdownhook.enabled", "false"),
          Map.entry("hazelcast.logging.type", "slf4j"),
          Map.entry("hazelcast.health.monitoring.level", "OFF"),
          Map.entry("hazelcast.socket.bind.any", "false"),
          Map.entry("hazelcast.wait.seconds.before.join", "0"),
          Map.entry("hazelcast.partition.count", Integer.toString(PARTITIONS)),
          // A frozen node is let go after ten seconds.
          Map.entry("hazelcast.heartbeat.interval.seconds", "1"),
          Map.entry("hazelcast.max.no.heartbeat.seconds", "10"),
          // Halves that started apart, or lost each other, find together again.
          Map.entry("hazelcast.merge.first.run.delay.seconds", "20"),
          Map.entry("hazelcast.merge.next.run.delay.seconds", "20"));

  private Cluster() {}

  /** A Vert.x that has joined its cluster, or is its first node. */
  public static Future<Vertx> join(
      VertxBuilder builder, VertxOptions options, Settings.Cluster settings) {
    Optional<ClusterTls> tls = ClusterTls.read(settings);
    var bus =
        new EventBusOptions()
            .setHost(settings.host())
            .setPort(settings.busPort())
            .setClusterPublicHost(settings.host());
    tls.ifPresent(certificate -> certificate.secure(bus));
    options.setEventBusOptions(bus);
    Config config = config(settings);
    try {
      mustBeFree(settings);
    } catch (IOException e) {
      return Future.failedFuture(
          new IllegalStateException(
              "cannot listen on %s (cluster.host, cluster.port): %s"
                  .formatted(withPort(settings.host(), settings.port()), e.getMessage()),
              e));
    }
    boolean expectsOthers = !others(settings).isEmpty();
    SteadyClusterManager manager =
        tls.map(certificate ->
                SteadyClusterManager.join(
                    config, new TlsMembers(certificate.context()), expectsOthers))
            .orElseGet(() -> new SteadyClusterManager(config, expectsOthers));
    return builder
        .with(options)
        .withClusterManager(manager)
        .buildClustered()
        .onFailure(_ -> manager.leftAlone())
        .onSuccess(vertx -> {
          if (tls.isEmpty() && !Loopback.is(settings.host())) {
            LOG.warn(
                "cluster {}: whoever reaches {} and the event bus's port is believed, and reads what"
                    + " nodes say (cluster.closed-network)",
                settings.name(),
                withPort(settings.host(), settings.port()));
          }
          vertx.setPeriodic(SAY_AGAIN_EVERY.toMillis(), _ -> manager.sayAgain(vertx));
          vertx.setTimer(FIND_WITHIN.toMillis(), _ -> tell(settings, manager.getNodes().size()));
        });
  }

  /** Fails where the address is taken: Hazelcast would say it too, in three stack traces. */
  private static void mustBeFree(Settings.Cluster settings) throws IOException {
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(settings.host(), settings.port()));
    }
  }

  /** Logs who is there: the likeliest mistake of many machines is an address or a port. */
  private static void tell(Settings.Cluster settings, int nodes) {
    String self = withPort(settings.host(), settings.port());
    String others = others(settings).stream().collect(Collectors.joining(", "));
    if (nodes == 1 && !others.isEmpty()) {
      LOG.warn(
          "cluster {}: {} is alone, none of {} has answered so far (cluster.members, cluster.host)",
          settings.name(),
          self,
          others);
    } else {
      LOG.info("cluster {}: {} is one of {} nodes", settings.name(), self, nodes);
    }
  }

  private static List<String> others(Settings.Cluster settings) {
    String self = withPort(settings.host(), settings.port());
    return members(settings).stream().filter(member -> !member.equals(self)).toList();
  }

  private static List<String> members(Settings.Cluster settings) {
    return settings.members().orElse(List.of()).stream()
        .map(member -> withPort(member, settings.port()))
        .toList();
  }

  static Config config(Settings.Cluster settings) {
    Config config = new Config();
    config.setClusterName(settings.name());
    PROPERTIES.forEach(config::setProperty);
    config.getJetConfig().setEnabled(false);
    config.getMetricsConfig().setEnabled(false);
    config
        .getManagementCenterConfig()
        .setScriptingEnabled(false)
        .setConsoleEnabled(false)
        .setDataAccessEnabled(false);
    config.getSerializationConfig().setJavaSerializationFilterConfig(onlyFailures());
    // A port for members alone: clients, which may read properties and dump threads, REST and
    // memcache have none.
    String address = address(settings.host());
    String shown = withPort(settings.host(), settings.port());
    var port = new ServerSocketEndpointConfig();
    port.setPort(settings.port()).setPortAutoIncrement(false).setPublicAddress(shown);
    port.getInterfaces().setEnabled(true).addInterface(address);
    AdvancedNetworkConfig network = config.getAdvancedNetworkConfig();
    network.setEnabled(true).setMemberEndpointConfig(port);
    join(network.getJoin(), settings);
    // Hazelcast leaves the other form alone then; Vert.x reads it.
    NetworkConfig same = config.getNetworkConfig();
    same.setPort(settings.port()).setPortAutoIncrement(false).setPublicAddress(shown);
    same.getInterfaces().setEnabled(true).addInterface(address);
    same.getRestApiConfig().setEnabled(false);
    join(same.getJoin(), settings);
    // What Vert.x keeps in it.
    config.addMultiMapConfig(
        new MultiMapConfig("__vertx.subs")
            .setBackupCount(1)
            .setValueCollectionType(MultiMapConfig.ValueCollectionType.SET));
    config.addMapConfig(new MapConfig("__vertx.haInfo").setBackupCount(1));
    config.addMapConfig(new MapConfig("__vertx.nodeInfo").setBackupCount(1));
    return config;
  }

  private static void join(JoinConfig join, Settings.Cluster settings) {
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(true).addMember(withPort(settings.host(), settings.port()));
    members(settings).forEach(join.getTcpIpConfig()::addMember);
  }

  /**
   * What members deserialise the way of Java: why a call failed. Everything else that they keep and
   * send has a form of Hazelcast's own; nothing of ours, of plugins' or of libraries' is among it.
   */
  private static JavaSerializationFilterConfig onlyFailures() {
    var failures = new ClassFilter();
    failures.addPackages("com.hazelcast.core", "com.hazelcast.spi.exception");
    failures.addClasses(
        "com.hazelcast.internal.cluster.impl.ClusterTopologyChangedException",
        "com.hazelcast.internal.cluster.impl.ConfigMismatchException",
        "com.hazelcast.internal.cluster.impl.VersionMismatchException",
        "com.hazelcast.internal.partition.PartitionStateVersionMismatchException",
        "com.hazelcast.nio.serialization.HazelcastSerializationException",
        "com.hazelcast.partition.NoDataMemberInClusterException",
        "com.hazelcast.splitbrainprotection.SplitBrainProtectionException",
        // What they are made of, and those of Java.
        "[Ljava.lang.StackTraceElement;",
        "[Ljava.lang.Throwable;",
        "[Ljava.lang.Object;",
        "java.io.EOFException",
        "java.io.IOException",
        "java.util.ArrayList",
        "java.util.Collections$EmptyList",
        "java.util.Collections$UnmodifiableCollection",
        "java.util.Collections$UnmodifiableList",
        "java.util.Collections$UnmodifiableRandomAccessList",
        "java.util.concurrent.CancellationException",
        "java.util.concurrent.ExecutionException",
        "java.util.concurrent.RejectedExecutionException",
        "java.util.concurrent.TimeoutException",
        "java.util.UUID");
    failures.addPackages("java.lang"); // exceptions, texts and numbers
    return new JavaSerializationFilterConfig().setDefaultsDisabled(true).setWhitelist(failures);
  }

  /** The member as Hazelcast reads it: brackets around an IPv6 address, and always a port. */
  static String withPort(String member, int port) {
    boolean bare6 = member.chars().filter(c -> c == ':').count() > 1 && !member.startsWith("[");
    String host = bare6 ? "[" + member + "]" : member;
    return host.matches(".*[^:]:\\d+") || host.matches("\\[.*]:\\d+") ? host : host + ":" + port;
  }

  /** The host as an address: Hazelcast chooses interfaces by address, not by name. */
  private static String address(String host) {
    try {
      InetAddress address = InetAddress.getByName(host);
      // An any-local address would tell the others nothing.
      if (NetworkInterface.getByInetAddress(address) == null) {
        throw new BadSettings(
            "cluster.host = "
                + host
                + ": no network interface of this machine has that address; give the one that the"
                + " other nodes reach");
      }
      return address.getHostAddress();
    } catch (UnknownHostException e) {
      throw new BadSettings("cluster.host = " + host + ": no address is known for it");
    } catch (SocketException e) {
      throw new BadSettings("cluster.host = " + host + ": " + e.getMessage());
    }
  }
}
