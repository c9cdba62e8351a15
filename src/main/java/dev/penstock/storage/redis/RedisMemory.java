package dev.penstock.storage.redis;

import dev.penstock.storage.TaskStore;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How full Redis is, as it says itself.
 *
 * @param most zero: no limit
 * @param evicts whether it makes room by throwing keys away, which would be tasks
 */
record RedisMemory(long used, long most, boolean evicts) {
  /** From here on new tasks are refused, so that what is known of the others still fits. */
  private static final double FULL = 0.85;

  /** Before it is known, and where it may not be asked for. */
  static final RedisMemory UNKNOWN = new RedisMemory(0, 0, false);

  static RedisMemory of(String info) {
    return new RedisMemory(
        number(info, "used_memory").orElse(0),
        number(info, "maxmemory").orElse(0),
        !value(info, "maxmemory_policy").orElse("noeviction").equals("noeviction"));
  }

  boolean nearlyFull() {
    return most > 0 && !evicts && used >= FULL * most;
  }

  /** How much of what it may have is used. */
  double share() {
    return most > 0 && !evicts ? (double) used / most : 0;
  }

  /** What is used of what it may have before new tasks are refused; of nothing: no limit. */
  TaskStore.Use use() {
    return new TaskStore.Use(used, most > 0 && !evicts ? (long) (FULL * most) : 0);
  }

  private static OptionalLong number(String info, String key) {
    return value(info, key).stream().mapToLong(Long::parseLong).findFirst();
  }

  /** A line's value in the answer to INFO. */
  static Optional<String> value(String info, String key) {
    return info.lines()
        .filter(line -> line.startsWith(key + ":"))
        .map(line -> line.substring(key.length() + 1).strip())
        .findFirst();
  }
}
