package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this node does what one node at a time does: sweeping, rescuing, scheduling. When that
 * one dies another takes over within the lease.
 */
final class Chores implements Runnable {
  static final Duration RENEW_EVERY = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(Chores.class);
  private static final Duration LEASE = Duration.ofSeconds(4);
  private static final Duration SLOW = Duration.ofSeconds(2);

  private final TaskStore store;
  private final String node;
  private boolean told;
  private volatile boolean held;

  /**
   * When the store last did not answer in time, by {@link System#nanoTime}; null: it always did.
   */
  private volatile @Nullable Long away;

  private volatile long until;

  Chores(TaskStore store, String node) {
    this.store = store;
    this.node = node;
  }

  /** Asks for the chores, or keeps them. Its own clock runs from before it asked. */
  @Override
  public void run() {
    long asked = System.nanoTime();
    boolean answered = false;
    try {
      held = store.holdChores(node, LEASE);
      answered = System.nanoTime() - asked < SLOW.toNanos();
    } finally {
      if (!answered) {
        away = System.nanoTime();
      }
    }
    until = asked + LEASE.toNanos();
    if (held != told) {
      told = held;
      LOG.debug("the chores are {}", held ? "this node's" : "another node's");
    }
  }

  /** Whether the store has answered all this time: else nobody could extend leases. */
  boolean answeredFor(Duration time) {
    Long last = away;
    return last == null || System.nanoTime() - last > time.toNanos();
  }

  /** A chore that is done only while the chores are this node's. */
  Runnable mine(Runnable chore) {
    return () -> {
      if (held()) {
        chore.run();
      }
    };
  }

  boolean held() {
    return held && System.nanoTime() - until < 0;
  }

  /** Lets another node have the chores at once; where the store is away it has to wait. */
  void giveUp() {
    held = false;
    try {
      store.holdChores(node, Duration.ZERO);
    } catch (RuntimeException e) {
      LOG.debug("the chores were not given up: {}", e.toString());
    }
  }
}
