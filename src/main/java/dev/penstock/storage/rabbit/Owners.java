package dev.penstock.storage.rabbit;

import dev.penstock.base.Unavailable;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose queues there are: the owners that are told of, asked for every two seconds on a thread of
 * its own, and those whose tasks this node has published. An owner once known stays known. Who
 * knows too few of them would give a queue to one that shares for all others, so it matters how old
 * the knowledge is.
 */
final class Owners implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Owners.class);
  private static final Duration ASK_AGAIN = Duration.ofSeconds(2);

  /** Older knowledge is not enough to give an owner a queue. */
  static final Duration CURRENT = Duration.ofSeconds(10);

  /** With more owners than these, those that have no queue of their own yet share some. */
  static final int MOST_OWN = 256;

  /** Far above what there may be; further ones have shared queues, which are all read. */
  private static final int MOST_KNOWN = 20_000;

  private final Supplier<Set<String>> source;
  private final Runnable whenNew;
  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private final Thread asking;
  private final Object lock = new Object();

  /** When the last question began that was answered, by nanoTime; guarded by the lock. */
  private long heard;

  private boolean heardOnce;
  private boolean closed;

  private Owners(Supplier<Set<String>> source, Runnable whenNew) {
    this.source = source;
    this.whenNew = whenNew;
    known.add(RoutingKeys.DEFAULT);
    asking = Thread.ofVirtual().name("rabbitmq-owners").unstarted(this::ask);
  }

  /**
   * @param source may block and fail
   * @param whenNew called on any thread when an owner has become known; must not block
   */
  static Owners start(Supplier<Set<String>> source, Runnable whenNew) {
    var owners = new Owners(source, whenNew);
    owners.asking.start();
    return owners;
  }

  private void ask() {
    boolean told = false;
    try {
      while (true) {
        try {
          long asked = System.nanoTime();
          source.get().forEach(this::add);
          heard(asked);
          told = false;
        } catch (Unavailable e) {
          LOG.debug("owners are not to be had, so queues of new ones wait: {}", e.getMessage());
        } catch (RuntimeException | Error e) {
          // Without this thread no new owner would get a queue any more.
          if (!told) {
            LOG.warn("owners are not to be had, so queues of new ones wait: {}", e.getMessage());
          }
          told = true;
        }
        Thread.sleep(ASK_AGAIN);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void heard(long asked) {
    boolean news;
    synchronized (lock) {
      news = !current();
      heard = asked;
      heardOnce = true;
      lock.notifyAll();
    }
    if (news) {
      whenNew.run();
    }
  }

  /** Whether all owners are known that there were a little while ago. */
  boolean current() {
    synchronized (lock) {
      return heardOnce && System.nanoTime() - heard < CURRENT.toNanos();
    }
  }

  /**
   * Waits until they are.
   *
   * @param until by {@link System#nanoTime}
   * @return false: they are not
   */
  boolean awaitCurrent(long until) throws InterruptedException {
    synchronized (lock) {
      while (!current() && !closed) {
        long left = until - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(lock, left);
      }
      return !closed;
    }
  }

  void add(String owner) {
    if (known.size() < MOST_KNOWN && known.add(owner)) {
      whenNew.run();
    }
  }

  Set<String> known() {
    return new HashSet<>(known);
  }

  /** Whether there are so many that new ones share queues. */
  boolean crowded() {
    return known.size() > MOST_OWN;
  }

  @Override
  public void close() {
    asking.interrupt();
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
  }
}
