package dev.penstock.storage.redis;

import static java.util.Objects.requireNonNull;

import dev.penstock.base.Coalescer;
import dev.penstock.base.Digests;
import dev.penstock.base.Unavailable;
import dev.penstock.core.Glance;
import dev.penstock.storage.Metadata;
import dev.penstock.storage.Micros;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.Identity;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Takes new tasks in, unless they are known already or an earlier one is meant.
 *
 * <p>An identity lies in the shard of its own name, a task in that of its id, so no script sees
 * both. A task with an identity is therefore inserted in two steps: the identity is reserved for
 * the id until a deadline, then the task is inserted, which is refused after that deadline. Whoever
 * comes meanwhile finds the reservation and looks for its task. When it is there, it is the earlier
 * one. When it is not, it may still come until the deadline, so he waits a little; after the
 * deadline it cannot come any more, and only a look that began after it lets him take the place, if
 * the reservation is still the one he saw. So a crash between the steps leaves a reservation that
 * lapses, never two tasks; and repeating a submit with its own id meets its own reservation.
 */
final class RedisInserts {
  /** How long a reservation holds without its task. */
  private static final Duration RESERVED = Duration.ofSeconds(5);

  /** How long to wait for the task of somebody else's reservation, and how often to look. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final Duration LOOK_EVERY = Duration.ofMillis(20);

  /** A reservation that has been seen. */
  private record Reservation(String id, String deadline) {
    static final Reservation NONE = new Reservation("", "");
  }

  /** A task to insert: its place in the list, its number, and its identity's name. */
  private record Item(int place, long seq, TaskSpec spec, @Nullable String name) {}

  /** What was done about an item's identity. */
  private sealed interface Reserved {
    record Yours(String deadline) implements Reserved {}

    /**
     * @param over whether its task cannot come any more
     */
    record Taken(Reservation by, String digest, boolean over) implements Reserved {}
  }

  private final RedisCalls calls;

  /**
   * The last task's number, by which lists are ordered. It follows the store's time as this node
   * expects it, so that it needs no agreement.
   */
  private final AtomicLong lastSeq = new AtomicLong();

  private final Coalescer<Timed, Optional<Instant>> inserts;

  RedisInserts(RedisCalls calls) {
    this.calls = calls;
    inserts = calls.gathered(this::keep, Timed::bytes);
  }

  List<Inserted> insert(List<TaskSpec> specs) {
    Map<Integer, Inserted> answers = new TreeMap<>();
    List<Item> nameless = new ArrayList<>();
    List<Item> named = new ArrayList<>();
    long first = calls.clock().place();
    for (TaskSpec spec : specs) {
      long seq = lastSeq.updateAndGet(last -> Math.max(last + 1, first));
      int place = nameless.size() + named.size();
      if (spec.identity() == null) {
        nameless.add(new Item(place, seq, spec, null));
      } else {
        named.add(new Item(place, seq, spec, name(spec.owner(), spec.identity())));
      }
    }
    keep(nameless, Map.of(), answers);
    try {
      identified(named, answers);
    } catch (Unavailable e) {
      // Of a list, some may be kept by now: then it is not surely undone.
      throw answers.isEmpty() ? e : Unavailable.unknown(String.valueOf(e.getMessage()), e);
    }
    return List.copyOf(answers.values());
  }

  /** What inserts would answer that would add nothing; empty: they would add the task. */
  List<Optional<Inserted>> meant(List<TaskSpec> specs) {
    List<Optional<Task>> known = find(specs.stream().map(TaskSpec::id).toList());
    List<Item> named = new ArrayList<>();
    List<RedisCall> asked = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      TaskSpec spec = specs.get(i);
      if (known.get(i).isEmpty() && spec.identity() != null) {
        String name = name(spec.owner(), spec.identity());
        named.add(new Item(i, 0, spec, name));
        String key = RedisShards.of(name) + ":identity:" + name;
        asked.add(RedisCall.of(Command.HMGET, key, "id", "digest"));
      }
    }
    List<Response> identities = calls.send(asked);
    List<TaskId> ids = new ArrayList<>();
    for (int i = 0; i < named.size(); i++) {
      Response id = identities.get(i).get(0);
      ids.add(id == null ? named.get(i).spec().id() : new TaskId(id.toString()));
    }
    List<Optional<Task>> holders = find(ids);
    Map<Integer, Inserted> answers = new HashMap<>();
    Map<Item, Task> meant = new LinkedHashMap<>();
    for (int i = 0; i < named.size(); i++) {
      Item item = named.get(i);
      Response digest = identities.get(i).get(1);
      Task holder = holders.get(i).orElse(null);
      if (holder == null) {
        continue;
      }
      if (item.spec().identity() instanceof Identity.Named name) {
        if (name.means(digest == null ? null : digest.toString())) {
          meant.put(item, holder);
        } else {
          answers.put(item.place(), new Inserted.Conflict());
        }
      } else if (standsIn(holder, item.spec())) {
        meant.put(item, holder);
      }
    }
    for (Item item : meet(meant)) {
      answers.put(item.place(), new Inserted.Earlier(requireNonNull(meant.get(item))));
    }
    List<Optional<Inserted>> all = new ArrayList<>(specs.size());
    for (int i = 0; i < specs.size(); i++) {
      int place = i;
      all.add(
          known
              .get(i)
              .<Inserted>map(task -> new Inserted.Kept(task.createdAt()))
              .or(() -> Optional.ofNullable(answers.get(place))));
    }
    return all;
  }

  private void identified(List<Item> named, Map<Integer, Inserted> answers) {
    Map<Integer, Reservation> toTake = new HashMap<>();
    List<Item> open = new ArrayList<>(named);
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!open.isEmpty()) {
      boolean moved = round(firstOfEachName(open), toTake, answers);
      if (open.removeIf(item -> answers.containsKey(item.place()))) {
        until = System.nanoTime() + PATIENCE.toNanos();
      } else if (System.nanoTime() > until || Thread.currentThread().isInterrupted()) {
        String why = "the same work is being submitted by somebody else at this moment";
        var cause = new IllegalStateException("its identity is reserved");
        throw answers.isEmpty() ? Unavailable.refused(why, cause) : Unavailable.unknown(why, cause);
      } else if (!moved) {
        LockSupport.parkNanos(LOOK_EVERY.toNanos());
      }
    }
  }

  /** Others of the same name have to see what becomes of the first. */
  private static List<Item> firstOfEachName(List<Item> open) {
    Set<String> names = new HashSet<>();
    return open.stream().filter(item -> names.add(nameOf(item))).toList();
  }

  private static String nameOf(Item item) {
    return String.valueOf(item.name());
  }

  /** False: somebody else's task has to be waited for. */
  private boolean round(
      List<Item> items, Map<Integer, Reservation> toTake, Map<Integer, Inserted> answers) {
    List<Reserved> reserved =
        calls.each(
            RedisScript.RESERVE,
            List.of(Micros.of(RESERVED)),
            items,
            item -> RedisShards.of(nameOf(item)),
            item -> {
              Reservation old = toTake.getOrDefault(item.place(), Reservation.NONE);
              String digest = digest(item.spec());
              return List.of(nameOf(item), item.spec().id(), digest, old.id(), old.deadline());
            },
            (_, answer) -> reserved(answer));
    List<Item> ours = new ArrayList<>();
    Map<Integer, String> deadlines = new HashMap<>();
    List<TaskId> asked = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      toTake.remove(items.get(i).place());
      switch (reserved.get(i)) {
        case Reserved.Yours yours -> {
          ours.add(items.get(i));
          deadlines.put(items.get(i).place(), yours.deadline());
        }
        case Reserved.Taken taken -> {
          asked.add(items.get(i).spec().id());
          asked.add(new TaskId(taken.by().id()));
        }
      }
    }
    keep(ours, deadlines, answers);
    Iterator<Optional<Task>> found = find(asked).iterator();
    Map<Item, Task> meant = new LinkedHashMap<>();
    for (int i = 0; i < items.size(); i++) {
      if (reserved.get(i) instanceof Reserved.Taken taken) {
        Item item = items.get(i);
        Task known = found.next().orElse(null);
        Task holder = found.next().orElse(null);
        if (known != null) {
          answers.put(item.place(), new Inserted.Kept(known.createdAt()));
        } else if (holder != null && item.spec().identity() instanceof Identity.Named named) {
          if (named.means(taken.digest())) {
            meant.put(item, holder);
          } else {
            answers.put(item.place(), new Inserted.Conflict());
          }
        } else if (holder != null && standsIn(holder, item.spec())) {
          meant.put(item, holder);
        } else if (holder != null || taken.over()) {
          toTake.put(item.place(), taken.by());
        }
      }
    }
    meet(meant)
        .forEach(item ->
            answers.put(item.place(), new Inserted.Earlier(requireNonNull(meant.get(item)))));
    return items.stream()
        .anyMatch(item -> answers.containsKey(item.place()) || toTake.containsKey(item.place()));
  }

  /**
   * Has the tasks kept that later submits are to be answered with. Returns those items whose task
   * is there; one that nobody had claimed may have been withdrawn since it was found.
   */
  private List<Item> meet(Map<Item, Task> meant) {
    List<Item> there = new ArrayList<>();
    List<Item> pending = new ArrayList<>();
    meant.forEach((item, task) -> (task.state() == TaskState.PENDING ? pending : there).add(item));
    List<Boolean> met =
        calls.tasks(
            RedisScript.MEET,
            List.of(),
            pending.stream().map(item -> requireNonNull(meant.get(item)).id()).toList(),
            (_, answer) -> answer != null && answer.toString().equals("MET"));
    for (int i = 0; i < pending.size(); i++) {
      if (met.get(i)) {
        there.add(pending.get(i));
      }
    }
    return there;
  }

  private static Reserved reserved(@Nullable Response answer) {
    String kind = RedisTasks.kind(answer);
    return kind.equals("YOURS")
        ? new Reserved.Yours(RedisTasks.text(answer, 1))
        : new Reserved.Taken(
            new Reservation(RedisTasks.text(answer, 2), RedisTasks.text(answer, 1)),
            RedisTasks.text(answer, 3),
            kind.equals("OVER"));
  }

  private static boolean standsIn(Task holder, TaskSpec spec) {
    return switch (holder.state()) {
      case PENDING, PROCESSING, COMPLETED ->
          holder.spec().priority().compareTo(spec.priority()) >= 0;
      case FAILED, CANCELLED -> false;
    };
  }

  private List<Optional<Task>> find(List<TaskId> ids) {
    return calls.tasks(
        RedisScript.FIND,
        List.of(0, Glance.SHORT),
        ids,
        (id, told) -> Optional.ofNullable(told).map(task -> RedisTasks.read(id, task)));
  }

  /** An item, and until when it may be inserted; empty: at any time. */
  private record Timed(Item item, String deadline) {
    long bytes() {
      return item.spec().input().length;
    }
  }

  /** Inserts them, and answers those that are kept: all but those whose deadline is over. */
  private void keep(
      List<Item> items, Map<Integer, String> deadlines, Map<Integer, Inserted> answers) {
    List<Optional<Instant>> kept;
    try {
      kept =
          inserts.ask(
              items.stream()
                  .map(item -> new Timed(item, deadlines.getOrDefault(item.place(), "")))
                  .toList());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.unknown("interrupted", e);
    }
    for (int i = 0; i < items.size(); i++) {
      int place = items.get(i).place();
      kept.get(i).ifPresent(created -> answers.put(place, new Inserted.Kept(created)));
    }
  }

  /** For each when it was created; empty: it is not kept. */
  private List<Optional<Instant>> keep(List<Timed> items) {
    return calls.each(
        RedisScript.INSERT,
        List.of(),
        items,
        timed -> RedisShards.of(timed.item().spec().id()),
        timed -> arguments(timed.item(), timed.deadline()),
        (_, answer) -> created(answer));
  }

  private static Optional<Instant> created(@Nullable Response answer) {
    return answer == null || answer.toString().equals("LATE")
        ? Optional.empty()
        : Optional.of(Micros.toInstant(Long.parseLong(answer.toString())));
  }

  private List<Object> arguments(Item item, String deadline) {
    TaskSpec spec = item.spec();
    List<Object> fields = RedisTasks.fields(spec, item.name());
    Long runAt = Micros.ofNullable(spec.runAt());
    List<Object> arguments = new ArrayList<>();
    arguments.add(spec.id());
    arguments.add(spec.lane().name());
    arguments.add(item.seq());
    arguments.add(runAt == null ? "" : calls.clock().due(runAt, spec.delayed()));
    arguments.add(deadline);
    arguments.add(Metadata.toJson(spec.metadata()));
    arguments.add(spec.input());
    arguments.add(fields.size());
    arguments.addAll(fields);
    return arguments;
  }

  private static String digest(TaskSpec spec) {
    return spec.identity() instanceof Identity.Named named ? named.content() : "";
  }

  /** Unique to the owner and the identity, of one length whatever theirs is. */
  private static String name(String owner, Identity identity) {
    byte[] digest = Digests.sha256(owner + "\0" + identity.key());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
  }
}
