package dev.penstock.storage.redis;

import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.LastShown;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lists tasks. Each shard has a list of each phase and lane, newest first, and where that is long
 * one by owner beside it; which of them there are is known from the counters. Every shard merges
 * its own in portions, and the portions are merged here.
 */
final class RedisLists {
  /** How many tasks a shard looks at in one go, at least and at most. */
  private static final int LEAST = 16;

  private static final int MOST = 1_000;

  /** Without a list by owner so many are looked at for each one wanted: most may be others'. */
  private static final int GLANCE = 20;

  /** How long after its id was made a task is inserted, at the most. */
  private static final Duration ON_ITS_WAY = Duration.ofSeconds(1);

  private final RedisCalls calls;
  private final RedisOwners owners;
  private final LastShown shown = new LastShown();

  RedisLists(RedisCalls calls) {
    this.calls = calls;
    owners = new RedisOwners(calls);
  }

  TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit) {
    if (filter.meansNone()) {
      return TaskPage.NONE;
    }
    String text = filter.text();
    boolean searched = text != null && !text.isEmpty();
    int wanted = (searched ? TaskStore.SEARCHED : limit) + 1;
    Start start = after == null ? Start.NEWEST : start(after);
    List<Place> newest = newest(filter, start, wanted);
    boolean cut = false;
    if (text != null && searched) {
      List<TaskId> ids = newest.stream().map(Place::task).toList();
      RedisSearch.Found found = new RedisSearch(calls).search(ids, text, limit + 1);
      Set<TaskId> those = Set.copyOf(found.ids());
      newest =
          withNamed(
              filter, start, newest.stream().filter(one -> those.contains(one.task())).toList());
      cut = found.cut();
    }
    boolean more = newest.size() > limit;
    List<Place> page = newest.subList(0, Math.min(limit, newest.size()));
    if (more) {
      Place last = page.getLast();
      shown.ended(last.task(), Long.parseLong(last.seq()));
    }
    return new TaskPage(find(page.stream().map(Place::task).toList()), more, cut);
  }

  /** With the one whose id is looked for, which may be older than all that was looked through. */
  private List<Place> withNamed(TaskFilter filter, Start start, List<Place> found) {
    Optional<TaskId> named = filter.named();
    Place place = named.map(this::place).orElse(null);
    if (place == null
        || found.contains(place)
        || !start.isBefore(place)
        || find(List.of(place.task())).stream().noneMatch(filter::means)) {
      return found;
    }
    List<Place> all = new ArrayList<>(found);
    int at = 0;
    while (at < all.size() && all.get(at).newerThan(place)) {
      at++;
    }
    all.add(at, place);
    return all;
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
    TaskId task() {
      return new TaskId(id);
    }

    boolean newerThan(Place other) {
      int order = Long.compare(Long.parseLong(seq), Long.parseLong(other.seq));
      return order > 0 || (order == 0 && id.compareTo(other.id) > 0);
    }
  }

  /**
   * Where a list begins.
   *
   * @param place null: with the newest
   * @param newer the id that all are older than; empty: the place says it all
   */
  private record Start(@Nullable Place place, String newer) {
    static final Start NEWEST = new Start(null, "");

    boolean isBefore(Place other) {
      return (place == null || place.newerThan(other))
          && (newer.isEmpty() || newer.compareTo(other.id()) > 0);
    }
  }

  private List<Place> newest(TaskFilter filter, Start start, int wanted) {
    Set<String> all = lists();
    List<String> lists = all.stream().filter(name -> meant(filter, name)).toList();
    List<Place> found = new ArrayList<>();
    if (lists.isEmpty()) {
      return found;
    }
    List<Shard> shards =
        RedisShards.ALL.stream().map(name -> new Shard(name, start.place())).toList();
    int share = 2 * wanted / shards.size();
    boolean glance = false;
    while (found.size() < wanted) {
      List<Shard> unread = shards.stream().filter(Shard::unread).toList();
      if (!unread.isEmpty()) {
        int portion = Math.clamp((long) share * (glance ? GLANCE : 1), LEAST, MOST);
        glance |= read(unread, lists, filter, start.newer(), portion);
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
      found.add(first.removeFirst());
    }
    if (glance) {
      owners.want(all);
    }
    return found;
  }

  /** Whether others' tasks had to be looked at, many of them. */
  private boolean read(
      List<Shard> unread, List<String> lists, TaskFilter filter, String newer, int portion) {
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
      args.add(newer);
      args.addAll(lists);
      asked.add(calls.script(RedisScript.LIST, shard.name, args));
    }
    List<Response> answers = calls.send(asked);
    boolean glance = false;
    for (int i = 0; i < unread.size(); i++) {
      Shard shard = unread.get(i);
      Response answer = answers.get(i);
      shard.more = RedisTasks.text(answer, 0).equals("1");
      shard.seq = RedisTasks.text(answer, 1);
      shard.id = RedisTasks.text(answer, 2);
      glance |= RedisTasks.text(answer, 3).equals("1");
      for (int at = 4; at < answer.size(); at += 2) {
        shard.read.add(new Place(RedisTasks.text(answer, at + 1), RedisTasks.text(answer, at)));
      }
    }
    return glance;
  }

  /**
   * Behind a task, which may be gone. Then its id says when it was made, and all that is older has
   * a lower one.
   */
  private Start start(TaskId after) {
    Place place = place(after);
    if (place != null) {
      return new Start(place, "");
    }
    Long ended = shown.place(after);
    if (ended != null) {
      return new Start(new Place(ended.toString(), after.value()), "");
    }
    Instant latest = after.time().plus(ON_ITS_WAY);
    return new Start(new Place(String.valueOf(Micros.of(latest)), ""), after.value());
  }

  private @Nullable Place place(TaskId id) {
    Response seq = calls.send(Command.HMGET, RedisShards.record(id), "seq").get(0);
    return seq == null ? null : new Place(seq.toString(), id.value());
  }

  /** The lists (phase:lane) that have tasks. */
  private Set<String> lists() {
    Set<String> lists = new HashSet<>();
    for (Response names : calls.everywhere(Command.HKEYS, RedisShards::counts)) {
      for (Response name : names) {
        lists.add(name.toString());
      }
    }
    return lists;
  }

  private static boolean meant(TaskFilter filter, String list) {
    int colon = list.indexOf(':');
    TaskState state = Phase.valueOf(list.substring(0, colon)).state();
    return (filter.states().isEmpty() || filter.states().contains(state))
        && filter.means(Lane.of(list.substring(colon + 1)));
  }
}
