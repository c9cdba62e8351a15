package dev.penstock.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A master, its replica, and a Sentinel that makes the replica the master when that dies. */
public final class RedisSentinel implements AutoCloseable {
  public static final String MASTER_NAME = "penstock-master";
  private static final Duration START = Duration.ofSeconds(30);

  private final RedisServer master;
  private final RedisServer replica;
  private final int port = FreePort.next();
  private final Process sentinel;

  private RedisSentinel(Path folder) throws Exception {
    master = RedisServer.start(folder.resolve("master"));
    replica =
        RedisServer.start(
            folder.resolve("replica"), "--replicaof", "127.0.0.1", Integer.toString(master.port()));
    Path settings =
        Files.writeString(
            folder.resolve("sentinel.conf"),
            """
            port %1$d
            bind 127.0.0.1
            dir %2$s
            sentinel monitor %3$s 127.0.0.1 %4$d 1
            sentinel down-after-milliseconds %3$s 1000
            sentinel failover-timeout %3$s 5000
            """
                .formatted(port, folder.toAbsolutePath(), MASTER_NAME, master.port()));
    sentinel =
        new ProcessBuilder("redis-server", settings.toString(), "--sentinel")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("sentinel.log").toFile())
            .start();
  }

  /** Starts all three and waits until the Sentinel knows of the replica. */
  public static RedisSentinel start(Path folder) throws Exception {
    var all = new RedisSentinel(folder);
    Path log = folder.resolve("sentinel.log");
    Await.until(
        "the Sentinel answers and knows the replica",
        START,
        () -> all.answers() && Files.readString(log).contains("+slave"));
    return all;
  }

  private boolean answers() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  public String sentinels() {
    return "127.0.0.1:" + port;
  }

  public RedisServer master() {
    return master;
  }

  public RedisServer replica() {
    return replica;
  }

  @Override
  public void close() {
    sentinel.destroyForcibly();
    try {
      sentinel.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    replica.close();
    master.close();
  }
}
