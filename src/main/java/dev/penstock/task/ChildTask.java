package dev.penstock.task;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task that another one asks for: its child. The owner is its parent's.
 *
 * @param key what the parent knows it by: 1 to {@value #MAX_KEY} characters, unique among all
 *     children the parent ever has. Asking twice for one key makes one task
 * @param input one JSON value in UTF-8; shared, not copied
 * @param priority at most its parent's, which it gets where it asks for more; null: its parent's
 * @param limits null: its parent's
 * @param retention how long it is kept once its result is read, or its parent has ended; null: as
 *     long as its parent
 */
public record ChildTask(
    String key,
    Lane lane,
    byte[] input,
    @Nullable Priority priority,
    TaskSpec.@Nullable Limits limits,
    TaskSpec.@Nullable Retention retention,
    Map<String, String> metadata) {
  /** The longest key. */
  public static final int MAX_KEY = 200;

  /** Written out: the parameters of a compact one would not show which of them may be null. */
  public ChildTask(
      String key,
      Lane lane,
      byte[] input,
      @Nullable Priority priority,
      TaskSpec.@Nullable Limits limits,
      TaskSpec.@Nullable Retention retention,
      Map<String, String> metadata) {
    if (key.isEmpty() || key.codePointCount(0, key.length()) > MAX_KEY) {
      throw new IllegalArgumentException("a child's key has 1 to " + MAX_KEY + " characters");
    }
    this.key = key;
    this.lane = lane;
    this.input = input;
    this.priority = priority;
    this.limits = limits;
    this.retention = retention;
    this.metadata = Map.copyOf(metadata);
  }

  /**
   * A child that is as its parent in all but its work.
   *
   * @param input a value as {@link TaskOutput#of} writes it
   */
  public static ChildTask of(String key, Lane lane, @Nullable Object input) {
    return new ChildTask(key, lane, PlainJson.write(input), null, null, null, Map.of());
  }
}
