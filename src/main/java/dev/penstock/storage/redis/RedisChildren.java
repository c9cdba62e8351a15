package dev.penstock.storage.redis;

import dev.penstock.storage.ChildStore;
import dev.penstock.storage.TaskMessage;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The lists of children, each in its parent's shard; a child's record lies in the shard of its own
 * id. How a list is written says {@code families.lua}.
 */
final class RedisChildren implements ChildStore {
  /** What new children come to that are read in one go, as an await may bring it. */
  private static final int MOST_BYTES = 4 << 20;

  /** Where a child's key begins in its place: after the letter of its state, and its id. */
  private static final int KEY = 37;

  private final RedisCalls calls;
  private final RedisCandidates candidates;

  /** Up to where {@link #releaseForgotten} has looked in this round; null: a new one begins. */
  private final AtomicReference<@Nullable TaskId> looked = new AtomicReference<>();

  RedisChildren(RedisCalls calls, RedisCandidates candidates) {
    this.calls = calls;
    this.candidates = candidates;
  }

  @Override
  public List<TaskSpec> toInsert(Duration age, int limit) {
    List<TaskSpec> specs = new ArrayList<>();
    int room = MOST_BYTES;
    for (TaskId parent : candidates.inserting(age, limit)) {
      List<Object> args = List.of(parent, limit - specs.size(), room);
      for (Response message : calls.run(RedisScript.NEW_CHILDREN, RedisShards.of(parent), args)) {
        byte[] bytes = message.toBytes();
        room -= bytes.length;
        specs.add(TaskMessage.decode(bytes));
      }
      if (specs.size() == limit || room <= 0) {
        break;
      }
    }
    return specs;
  }

  @Override
  public List<TaskId> inserted(List<TaskSpec> children) {
    List<TaskSpec> ofSomebody = children.stream().filter(child -> child.parent() != null).toList();
    List<Boolean> late =
        calls.each(
            RedisScript.INSERTED,
            List.of(),
            ofSomebody,
            child -> RedisShards.of(parent(child)),
            child -> List.of(parent(child), child.id()),
            (_, answer) -> is(answer));
    List<TaskId> toCancel = new ArrayList<>();
    for (int i = 0; i < late.size(); i++) {
      if (late.get(i)) {
        toCancel.add(ofSomebody.get(i).id());
      }
    }
    return toCancel;
  }

  private static TaskId parent(TaskSpec child) {
    return Objects.requireNonNull(child.parent());
  }

  @Override
  public List<TaskSpec> ended(List<End> ends) {
    return woken(
        calls.each(
            RedisScript.ENDED,
            List.of(),
            ends,
            end -> RedisShards.of(end.parent()),
            end -> List.of(end.parent(), end.child(), letter(end.state())),
            (end, told) -> woken(end.parent(), told)));
  }

  private static Optional<TaskSpec> woken(TaskId parent, @Nullable Response told) {
    return Optional.ofNullable(told).map(task -> RedisTasks.read(parent, task).spec());
  }

  private static List<TaskSpec> woken(List<Optional<TaskSpec>> parents) {
    return parents.stream().flatMap(Optional::stream).toList();
  }

  private static char letter(TaskState state) {
    return switch (state) {
      case COMPLETED -> 'C';
      case FAILED -> 'F';
      case CANCELLED -> 'X';
      case PENDING, PROCESSING -> throw new IllegalArgumentException(state + " is no end");
    };
  }

  @Override
  public Page unread(TaskId parent, @Nullable TaskId after, int limit) {
    List<Object> args = List.of(parent, after == null ? "" : after, limit);
    Response answer = calls.run(RedisScript.UNREAD, RedisShards.of(parent), args);
    List<Ended> children = new ArrayList<>();
    for (int i = 2; i < answer.size(); i++) {
      children.add(ended(RedisTasks.text(answer, i)));
    }
    int open = Integer.parseInt(RedisTasks.text(answer, 0));
    return new Page(children, is(answer.get(1)), open);
  }

  private static Ended ended(String place) {
    TaskState state =
        switch (place.charAt(0)) {
          case 'C' -> TaskState.COMPLETED;
          case 'F' -> TaskState.FAILED;
          case 'X' -> TaskState.CANCELLED;
          default -> throw new IllegalStateException("a child that has not ended: " + place);
        };
    return new Ended(new TaskId(place.substring(1, KEY)), place.substring(KEY), state);
  }

  @Override
  public List<TaskSpec> wakeDue(int limit) {
    return woken(
        calls.tasks(RedisScript.WAKE, List.of(), candidates.awaiting(limit), RedisChildren::woken));
  }

  @Override
  public List<Family> waiting(@Nullable TaskId after, int limit) {
    List<Family> waiting = new ArrayList<>();
    @Nullable TaskId last = after;
    while (waiting.size() < limit) {
      // Many of them do not wait: the next ones are looked at then.
      List<TaskId> parents = candidates.parents(last, limit);
      List<Family> found = families("WAITING", "", parents);
      waiting.addAll(found.subList(0, Math.min(found.size(), limit - waiting.size())));
      if (parents.size() < limit) {
        break;
      }
      last = parents.getLast();
    }
    return waiting;
  }

  @Override
  public List<Family> abandoned(int limit, int most) {
    return families("ENDED", most, candidates.abandoned(limit)).stream()
        .filter(family -> !family.children().isEmpty())
        .toList();
  }

  private List<Family> families(String which, Object most, List<TaskId> parents) {
    return calls
        .tasks(
            RedisScript.FAMILY,
            List.of(which, most),
            parents,
            (parent, answer) ->
                Optional.ofNullable(answer).map(children -> new Family(parent, ids(children))))
        .stream()
        .flatMap(Optional::stream)
        .toList();
  }

  private static List<TaskId> ids(Response answer) {
    return answer.stream().map(id -> new TaskId(id.toString())).toList();
  }

  @Override
  public List<TaskId> reopen(TaskId parent) {
    return ids(calls.run(RedisScript.REOPEN, RedisShards.of(parent), List.of(parent)));
  }

  @Override
  public void release(TaskId parent, List<TaskId> children) {
    letGo(parent, children);
  }

  /**
   * How many of them were kept till now.
   *
   * @param parent whose children, as an argument; empty: anybody's
   */
  private int letGo(Object parent, List<TaskId> children) {
    return (int)
        calls
            .tasks(RedisScript.LET_GO, List.of(parent), children, (_, answer) -> is(answer))
            .stream()
            .filter(let -> let)
            .count();
  }

  private record Kept(TaskId child, TaskId parent) {}

  @Override
  public int releaseForgotten(int limit) {
    List<TaskId> some = candidates.kept(looked.get(), limit);
    looked.set(some.size() < limit ? null : some.getLast());
    List<Kept> kept =
        calls
            .tasks(
                RedisScript.KEPT,
                List.of(),
                some,
                (child, parent) ->
                    Optional.ofNullable(parent)
                        .map(id -> new Kept(child, new TaskId(id.toString()))))
            .stream()
            .flatMap(Optional::stream)
            .toList();
    List<Boolean> needed =
        calls.each(
            RedisScript.LISTED,
            List.of(),
            kept,
            one -> RedisShards.of(one.parent()),
            one -> List.of(one.parent(), one.child()),
            (_, answer) -> is(answer));
    List<TaskId> forgotten = new ArrayList<>();
    for (int i = 0; i < needed.size(); i++) {
      if (!needed.get(i)) {
        forgotten.add(kept.get(i).child());
      }
    }
    return letGo("", forgotten);
  }

  private static boolean is(@Nullable Response answer) {
    return answer != null && answer.toString().equals("1");
  }
}
