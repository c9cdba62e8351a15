package dev.penstock.web;

import com.sun.management.UnixOperatingSystemMXBean;
import io.vertx.core.http.HttpConnection;
import java.lang.management.ManagementFactory;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The places for connections, over all addresses. When all are taken, who comes has that of the
 * eldest connection that is nobody's: one with a key shows it a moment after it was opened, and
 * keeps its place from then on. Safe to use from any thread.
 */
final class Places {
  /** What a connection may need, with a request's headers half sent. */
  private static final long HEAP_BYTES = 128 << 10;

  /** The other descriptors are for files, brokers, other nodes and child processes. */
  private static final int DESCRIPTORS_PART = 2;

  private static final long LEAST = 64;
  private static final long MOST = 1_000_000;

  private final int all;
  private final SequencedSet<HttpConnection> nobodys = new LinkedHashSet<>();
  private final Set<HttpConnection> keys = new HashSet<>();
  private long crowdedOut;

  /**
   * @param all how many there are
   */
  Places(int all) {
    this.all = all;
  }

  /**
   * How many places there are to be.
   *
   * @param said by the settings; 0: as many as this process has descriptors and heap for
   */
  static int count(int said) {
    if (said > 0) {
      return said;
    }
    long descriptors =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount() / DESCRIPTORS_PART
            : MOST;
    long heap = Runtime.getRuntime().maxMemory() / HEAP_BYTES;
    return (int) Math.clamp(Math.min(descriptors, heap), LEAST, MOST);
  }

  /**
   * Gives a connection a place that it may lose again.
   *
   * @return who has none any more: the eldest, or this one where all others are keys'; null: nobody
   */
  synchronized @Nullable HttpConnection enter(HttpConnection connection) {
    if (nobodys.size() + keys.size() < all) {
      nobodys.add(connection);
      return null;
    }
    crowdedOut++;
    if (nobodys.isEmpty()) {
      return connection;
    }
    HttpConnection eldest = nobodys.removeFirst();
    nobodys.add(connection);
    return eldest;
  }

  /** The connection is a key's from now on. */
  synchronized void keep(HttpConnection connection) {
    if (nobodys.remove(connection)) {
      keys.add(connection);
    }
  }

  synchronized void leave(HttpConnection connection) {
    nobodys.remove(connection);
    keys.remove(connection);
  }

  /** How many connections were closed because there was no place for them. */
  synchronized long crowdedOut() {
    return crowdedOut;
  }
}
