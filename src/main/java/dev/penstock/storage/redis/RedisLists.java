package dev.penstock.storage.redis;

import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lists tasks. Each shard has a list of each phase and lane, newest first; which of them there are
 * is known from the counters. Every shard merges its own in portions, and the portions are merged
 * here.
 */
final class RedisLists {
  /** How many tasks a shard looks at in one go, at least and at most. */
  private static final int LEAST = 16;

  private static final int MOST = 1_000;

  /** Of a list by owner so many are looked at for each one wanted: most may be others'. */
  private static final int GLANCE = 20;

  private final RedisCalls calls;

  RedisLists(RedisCalls calls) {
    this.calls = calls;
  }

  TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit) {
    String text = filter.text();
    boolean searched = text != null && !text.isEmpty();
    int wanted = (searched ? TaskStore.SEARCHED : limit) + 1;
    List<TaskId> newest = newest(filter, after, wanted);
    boolean cut = false;
    if (text != null && searched) {
      RedisSearch.Found found = new RedisSearch(calls).search(newest, text, limit + 1);
      newest = found.ids();
      cut = found.cut();
    }
    List<TaskId> page = newest.subList(0, Math.min(limit, newest.size()));
    return new TaskPage(find(page), newest.size() > limit, cut);
  }

  /** Those of them that are still there. */
  private List<Task> find(List<TaskId> ids) {
    return calls
        .tasks(
            RedisScript.FIND,
            List.of(0, 0),
            ids,
            (id, told) -> Optional.ofNullable(told).map(task -> RedisTasks.read(id, task)))
        .stream()
        .flatMap(Optional::stream)
        .toList();
  }

  /** One shard's tasks, as far as they have been read. */
  private static final class Shard {
    final String name;
    final Deque<Place> read = new ArrayDeque<>();
    String seq;
    String id;
    boolean more = true;

    Shard(String name, @Nullable Place after) {
      this.name = name;
      seq = after == null ? "+inf" : after.seq();
      id = after == null ? "" : after.id();
    }

    boolean unread() {
      return read.isEmpty() && more;
    }
  }

  /** Where a task stands in the order: by its number, then by its id. */
  private record Place(String seq, String id) {
    boolean newerThan(Place other) {
      int order = Long.compare(Long.parseLong(seq), Long.parseLong(other.seq));
      return order > 0 || (order == 0 && id.compareTo(other.id) > 0);
    }
  }

  private List<TaskId> newest(TaskFilter filter, @Nullable TaskId after, int wanted) {
    List<String> lists = lists(filter);
    List<TaskId> found = new ArrayList<>();
    if (lists.isEmpty()) {
      return found;
    }
    Place start = after == null ? null : place(after);
    List<Shard> shards = RedisShards.ALL.stream().map(name -> new Shard(name, start)).toList();
    int share = 2 * wanted / shards.size() * (filter.owner() == null ? 1 : GLANCE);
    int portion = Math.clamp(share, LEAST, MOST);
    while (found.size() < wanted) {
      List<Shard> unread = shards.stream().filter(Shard::unread).toList();
      if (!unread.isEmpty()) {
        read(unread, lists, filter, portion);
        continue;
      }
      Deque<Place> first = null;
      for (Shard shard : shards) {
        if (!shard.read.isEmpty()
            && (first == null || shard.read.getFirst().newerThan(first.getFirst()))) {
          first = shard.read;
        }
      }
      if (first == null) {
        break;
      }
      found.add(new TaskId(first.removeFirst().id()));
    }
    return found;
  }

  private void read(List<Shard> unread, List<String> lists, TaskFilter filter, int portion) {
    String owner = filter.owner();
    TaskId parent = filter.parent();
    List<RedisCall> asked = new ArrayList<>();
    for (Shard shard : unread) {
      List<Object> args = new ArrayList<>();
      args.add(shard.seq);
      args.add(shard.id);
      args.add(owner == null ? "" : owner);
      args.add(portion);
      args.add(parent == null ? "" : parent);
      args.addAll(lists);
      asked.add(calls.script(RedisScript.LIST, shard.name, args));
    }
    List<Response> answers = calls.send(asked);
    for (int i = 0; i < unread.size(); i++) {
      Shard shard = unread.get(i);
      Response answer = answers.get(i);
      shard.more = RedisTasks.text(answer, 0).equals("1");
      shard.seq = RedisTasks.text(answer, 1);
      shard.id = RedisTasks.text(answer, 2);
      for (int at = 3; at < answer.size(); at += 2) {
        shard.read.add(new Place(RedisTasks.text(answer, at + 1), RedisTasks.text(answer, at)));
      }
    }
  }

  private @Nullable Place place(TaskId id) {
    Response seq = calls.send(Command.HMGET, RedisShards.record(id), "seq").get(0);
    return seq == null ? null : new Place(seq.toString(), id.value());
  }

  /** The lists (phase:lane) that have tasks and are meant. */
  private List<String> lists(TaskFilter filter) {
    Set<TaskState> states =
        filter.states().isEmpty() ? EnumSet.allOf(TaskState.class) : filter.states();
    Set<String> lists = new HashSet<>();
    for (Response names : calls.everywhere(Command.HKEYS, RedisShards::counts)) {
      for (Response name : names) {
        lists.add(name.toString());
      }
    }
    return lists.stream()
        .filter(name -> {
          int colon = name.indexOf(':');
          return states.contains(Phase.valueOf(name.substring(0, colon)).state())
              && filter.means(Lane.of(name.substring(colon + 1)));
        })
        .toList();
  }
}
