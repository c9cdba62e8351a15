package dev.penstock.storage.redis;

import dev.penstock.task.TaskId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/**
 * Where things lie. The part of a key in braces decides its slot in a Redis cluster; all that
 * belongs to a shard shares one, so that a script can change it together.
 */
final class RedisShards {
  private static final int COUNT = 16;

  static final List<String> ALL =
      IntStream.range(0, COUNT).mapToObj("penstock:{s%02d}"::formatted).toList();

  static final String PAUSED_LANES = "penstock:{lanes}:paused";
  static final String HISTORY = "penstock:{history}";
  static final String HISTORY_MINUTES = HISTORY + ":minutes";

  static final String CHORES = "penstock:{chores}";

  /** Keys of the API are no tasks: all lie in one slot of their own. */
  static final String KEYS = "penstock:{keys}";

  static final String KEYS_BY_HASH = KEYS + ":by-hash";
  static final String KEY_OWNERS = KEYS + ":owners";

  private RedisShards() {}

  static String of(TaskId id) {
    return of(id.value());
  }

  /** The shard of an id or of an identity's name; never to change. */
  static String of(String name) {
    CRC32 hash = new CRC32();
    hash.update(name.getBytes(StandardCharsets.UTF_8));
    return ALL.get((int) (hash.getValue() % COUNT));
  }

  static String counts(String shard) {
    return shard + ":counts";
  }

  static String bytes(String shard) {
    return shard + ":bytes";
  }

  static String due(String shard) {
    return shard + ":due";
  }

  static String record(TaskId id) {
    return of(id) + ":task:" + id;
  }

  static String steps(TaskId id) {
    return of(id) + ":steps:" + id;
  }
}
