package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import java.time.Duration;
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

  private final TaskStore store;
  private final String node;
  private final Absence absence;
  private boolean told;
  private volatile boolean held;

  private volatile long until;

  /**
   * @param absence is told when the store answers
   */
  Chores(TaskStore store, String node, Absence absence) {
    this.store = store;
    this.node = node;
    this.absence = absence;
  }

  /** Asks for the chores, or keeps them. Its own clock runs from before it asked. */
  @Override
  public void run() {
    long asked = System.nanoTime();
    boolean given = store.holdChores(node, LEASE);
    absence.answered();
    held = given;
    until = asked + LEASE.toNanos();
    if (held != told) {
      told = held;
      LOG.debug("the chores are {}", held ? "this node's" : "another node's");
    }
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
