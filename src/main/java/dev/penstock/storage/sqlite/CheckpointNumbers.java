package dev.penstock.storage.sqlite;

import dev.penstock.base.Newest;
import dev.penstock.core.Checkpoint;
import java.util.Map;

/**
 * The newest checkpoint of each lease, by number, so that an extension that was held up on its way
 * does not put an older one in its place. In memory: one process has the file, and what was on its
 * way to it is gone with it. Used by the writer's thread.
 */
final class CheckpointNumbers {
  private static final int MOST = 10_000;

  private final Map<String, Long> newest = Newest.put(MOST);

  /** Whether a newer one of that lease was kept. One that is told again is as new as it was. */
  boolean late(String token, Checkpoint checkpoint) {
    return checkpoint.number() > 0 && checkpoint.number() < newest.getOrDefault(token, 0L);
  }

  void kept(String token, Checkpoint checkpoint) {
    if (checkpoint.number() > 0) {
      newest.merge(token, checkpoint.number(), Math::max);
    }
  }
}
