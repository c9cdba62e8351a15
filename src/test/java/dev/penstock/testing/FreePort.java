package dev.penstock.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for servers that a test starts. They lie below those that the system hands to clients, and
 * each test JVM has a range of its own: a port may be asked for long before its server binds it,
 * and again after a kill.
 */
public final class FreePort {
  private static final int FIRST = 12_000;
  private static final int EACH = 2_500;
  private static final int RANGES = 8;
  private static final AtomicInteger TRIED =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(EACH));

  private FreePort() {}

  /** One that nobody listens on, and that no other caller was given lately. */
  public static int next() {
    // Surefire counts its JVMs from 1; elsewhere there is one.
    int jvm = Integer.getInteger("test.fork", 1) % RANGES;
    for (int tries = 0; tries < EACH; tries++) {
      int port = FIRST + jvm * EACH + Math.floorMod(TRIED.getAndIncrement(), EACH);
      if (free(port)) {
        return port;
      }
    }
    throw new IllegalStateException("no free port");
  }

  private static boolean free(int port) {
    try (var socket = new ServerSocket()) {
      // As most servers do; without it, ports of connections just closed would count as taken.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
