package dev.penstock.storage.redis;

import dev.penstock.base.Unavailable;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the lists by owner, once one was asked for that others' tasks made long. From then on every
 * change keeps them. A node of a version that does not know them makes them differ from what is
 * there: such lists are not read, and made again after a while.
 */
final class RedisOwners {
  private static final Logger LOG = LoggerFactory.getLogger(RedisOwners.class);

  /** So many tasks in one run of the script: the server does nothing else meanwhile. */
  private static final int AT_A_TIME = 200;

  private static final Duration AT_MOST_EVERY = Duration.ofMinutes(1);

  private final RedisCalls calls;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile long made = System.nanoTime() - AT_MOST_EVERY.toNanos();

  RedisOwners(RedisCalls calls) {
    this.calls = calls;
  }

  /**
   * Makes them on a thread of its own, unless that was done a moment ago.
   *
   * @param lists phase:lane of each that has tasks
   */
  void want(Set<String> lists) {
    if (System.nanoTime() - made >= AT_MOST_EVERY.toNanos() && busy.compareAndSet(false, true)) {
      Thread.ofVirtual().name("lists-by-owner").start(() -> make(lists));
    }
  }

  private void make(Set<String> lists) {
    try {
      for (String shard : RedisShards.ALL) {
        for (String list : lists) {
          if (walk(shard, list, "ADD")) {
            walk(shard, list, "DROP");
          }
        }
      }
    } catch (Unavailable e) {
      LOG.debug("lists by owner are not complete: {}", e.getMessage());
    } finally {
      made = System.nanoTime();
      busy.set(false);
    }
  }

  /** Whether there is something to drop. */
  private boolean walk(String shard, String list, String what) {
    String from = "";
    while (true) {
      Response answer = calls.run(RedisScript.OWN, shard, List.of(list, what, from, AT_A_TIME));
      from = RedisTasks.text(answer, 0);
      if (from.isEmpty()) {
        return RedisTasks.text(answer, 1).equals("1");
      }
    }
  }
}
