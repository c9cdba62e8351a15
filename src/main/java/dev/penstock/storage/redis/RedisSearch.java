package dev.penstock.storage.redis;

import dev.penstock.storage.AsciiJson;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskId;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks for a text in tasks, inside Redis: only what is found travels. */
final class RedisSearch {
  private static final int AT_A_TIME = 250;

  /** One search reads no more input than this: some tenths of a second. */
  private static final long MOST_BYTES = 64L * 1024 * 1024;

  private final RedisCalls calls;

  RedisSearch(RedisCalls calls) {
    this.calls = calls;
  }

  /**
   * @param cut whether some that might match were not looked at, for there are too many
   */
  record Found(List<TaskId> ids, boolean cut) {}

  /**
   * The first {@code most} of the tasks that contain the text.
   *
   * @param ids more than {@link TaskStore#SEARCHED}: the rest is not looked at
   */
  Found search(List<TaskId> ids, String text, int most) {
    String plain = lower(text);
    String escaped = lower(AsciiJson.escaped(text));
    List<TaskId> found = new ArrayList<>();
    int end = Math.min(ids.size(), TaskStore.SEARCHED);
    int from = 0;
    long bytes = 0;
    while (from < end && found.size() < most && bytes < MOST_BYTES) {
      List<TaskId> some = ids.subList(from, Math.min(end, from + AT_A_TIME));
      from += some.size();
      for (Looked looked :
          calls.tasks(
              RedisScript.SEARCH,
              List.of(plain, escaped, TaskStore.SEARCHED_INPUT_BYTES),
              some,
              RedisSearch::looked)) {
        bytes += looked.bytes();
        if (looked.found()) {
          found.add(looked.id());
        }
      }
    }
    boolean enough = found.size() >= most;
    return new Found(enough ? found.subList(0, most) : found, !enough && from < ids.size());
  }

  private record Looked(TaskId id, long bytes, boolean found) {}

  private static Looked looked(TaskId id, @Nullable Response answer) {
    return new Looked(
        id, Long.parseLong(RedisTasks.text(answer, 0)), RedisTasks.text(answer, 1).equals("1"));
  }

  /** Of ASCII letters only, as Redis does it. */
  private static String lower(String text) {
    StringBuilder lower = new StringBuilder(text);
    for (int i = 0; i < lower.length(); i++) {
      char c = lower.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        lower.setCharAt(i, Character.toLowerCase(c));
      }
    }
    return lower.toString();
  }
}
