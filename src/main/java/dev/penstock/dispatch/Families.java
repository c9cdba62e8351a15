package dev.penstock.dispatch;

import dev.penstock.base.Portions;
import dev.penstock.base.Unavailable;
import dev.penstock.core.Ending;
import dev.penstock.dispatch.Settlements.Settlement;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What parents and their children have to do with each other: children are inserted, their ends are
 * told to their parents, and what is read is let go. Each of these follows a write that has told
 * the store what is to come, so none is lost with the process: {@link LateInserts}, {@link
 * MissedEnds} and {@link Abandoned} make good what a crash has left. Trouble is logged, and not for
 * who settled to hear of.
 */
final class Families implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Families.class);
  private static final int AT_A_TIME = 500;
  private static final long BYTES = 8L << 20;
  private static final int MOST_LATE = 10_000;

  private final TaskStore store;
  private final TaskQueue queue;
  private final Recorder recorder;
  private final Unsent unsent;

  /** Ends that the store did not take; what does not fit is found by {@link MissedEnds}. */
  private final LinkedBlockingQueue<End> late = new LinkedBlockingQueue<>(MOST_LATE);

  Families(TaskStore store, TaskQueue queue, Recorder recorder, Unsent unsent) {
    this.store = store;
    this.queue = queue;
    this.recorder = recorder;
    this.unsent = unsent;
  }

  /**
   * Does what follows from settled runs: the parents of those that ended are told, and children
   * that were asked for inserted. Returns those of them that are to be cancelled, for their parents
   * have ended meanwhile.
   */
  List<TaskId> settled(List<Settlement> settlements) {
    List<Task> ended = new ArrayList<>();
    List<TaskId> repeated = new ArrayList<>();
    Map<TaskId, List<TaskId>> read = new LinkedHashMap<>();
    List<TaskSpec> children = new ArrayList<>();
    for (Settlement one : settlements) {
      switch (one.settled()) {
        case Settled.Now(Task task) -> {
          ended.add(task);
          if (one.told().checkpoint() != null) {
            read.put(task.id(), one.told().checkpoint().read());
          }
          if (one.told().ending() instanceof Ending.Waits(var awaiting)) {
            awaiting.children().forEach(child -> children.add(child.spec()));
          }
        }
        case Settled.Before _ -> repeated.add(one.told().id());
        case Settled.Stale _, Settled.TooManyOpen _, Settled.PutOffTooOften _ -> {}
      }
    }
    ended(ended);
    repeated(repeated);
    List<TaskId> inVain = insertIfPossible(children);
    read.forEach(this::read);
    return inVain;
  }

  /** The answer to their first settle was lost, and what should have followed with it. */
  private void repeated(List<TaskId> ids) {
    if (ids.isEmpty()) {
      return;
    }
    try {
      ended(store.findAll(ids).values());
    } catch (Unavailable e) {
      LOG.debug("{} repeated settles are not followed up: {}", ids.size(), e.getMessage());
    }
  }

  private List<TaskId> insertIfPossible(List<TaskSpec> children) {
    try {
      return insert(children);
    } catch (Unavailable e) {
      LOG.warn("{} children are inserted later: {}", children.size(), e.getMessage());
      return List.of();
    }
  }

  /**
   * Inserts children, or does it again; returns those that are to be cancelled.
   *
   * @throws Unavailable when they have to be inserted again later
   */
  List<TaskId> insert(List<TaskSpec> children) {
    List<TaskId> inVain = new ArrayList<>();
    for (List<TaskSpec> some :
        Portions.of(children, AT_A_TIME, spec -> spec.input().length, BYTES)) {
      Repeat.whileUnknown(() -> store.insert(some));
      Repeat.whileUnknown(() -> queue.enqueue(some));
      some.forEach(spec -> recorder.submitted(spec.lane()));
      inVain.addAll(Repeat.whileUnknown(() -> store.children().inserted(some)));
    }
    return inVain;
  }

  /**
   * Tells parents of their children's ends; tasks that have no parent, or not ended, are no ends.
   */
  void ended(Collection<Task> tasks) {
    ends(tasks.stream().map(Families::end).filter(Objects::nonNull).toList());
  }

  private static @Nullable End end(Task task) {
    TaskId parent = task.spec().parent();
    return parent == null || !task.state().ended()
        ? null
        : new End(parent, task.id(), task.state());
  }

  /** Tells parents of ends, now or a little later. */
  void ends(List<End> ends) {
    for (List<End> some : Portions.of(ends, AT_A_TIME)) {
      try {
        tell(some);
      } catch (Unavailable e) {
        LOG.warn("parents hear later of {} ends: {}", some.size(), e.getMessage());
        some.forEach(end -> {
          var _ = late.offer(end);
        });
      }
    }
  }

  private void tell(List<End> ends) {
    var tries = new AtomicInteger();
    List<TaskSpec> ready =
        Repeat.whileUnknown(() -> {
          tries.incrementAndGet();
          return store.children().ended(ends);
        });
    unsent.sendOrKeep(ready, queue::enqueue);
    if (tries.get() > 1) {
      // An end counts once: the answer that was lost may have named parents.
      ends.stream().map(End::parent).distinct().forEach(unsent::add);
    }
  }

  /** What was read may go when its time is over; whatever is missed, a chore finds. */
  private void read(TaskId parent, List<TaskId> children) {
    try {
      for (List<TaskId> some : Portions.of(children, AT_A_TIME)) {
        store.children().release(parent, some);
      }
    } catch (Unavailable e) {
      LOG.debug("{} children are released later: {}", children.size(), e.getMessage());
    }
  }

  /** Ends that the store did not take before. */
  @Override
  public void run() {
    List<End> some = new ArrayList<>();
    while (late.drainTo(some, AT_A_TIME) > 0) {
      try {
        tell(some);
      } catch (Unavailable e) {
        some.forEach(end -> {
          var _ = late.offer(end);
        });
        throw e;
      }
      some = new ArrayList<>();
    }
  }

  ChildStore children() {
    return store.children();
  }
}
