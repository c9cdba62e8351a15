package dev.penstock.dispatch;

import dev.penstock.base.Portions;
import dev.penstock.core.RetryResult;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks again that have failed or were cancelled, and of a parent the children that failed or
 * were cancelled with it; those that completed keep their results.
 */
final class Reruns {
  /** How many tasks are retried at a time: they come with their inputs, which may be long. */
  static final int AT_A_TIME = 20;

  private static final int LISTED_AT_A_TIME = 500;

  private final TaskStore store;
  private final Dispatcher dispatcher;
  private final Families families;
  private final Finds finds;

  Reruns(TaskStore store, Dispatcher dispatcher, Families families) {
    this.store = store;
    this.dispatcher = dispatcher;
    this.families = families;
    this.finds = new Finds(store);
  }

  /**
   * Retries a few tasks; one answer each, in order.
   *
   * @param startBefore by when they are to begin, their children apart; null: as they were to
   */
  List<RetryResult> retry(List<TaskId> ids, @Nullable Instant startBefore) {
    Map<TaskId, Task> known = HashMap.newHashMap(ids.size());
    store.glance(ids).forEach((id, seen) -> known.put(id, seen.task()));
    Set<TaskId> ended = endedParents(known.values());
    List<@Nullable RetryResult> answers = new ArrayList<>();
    List<TaskId> possible = new ArrayList<>();
    Set<TaskId> parents = new HashSet<>();
    for (TaskId id : ids) {
      RetryResult refusal = refusal(known.get(id), ended, parents);
      answers.add(refusal);
      if (refusal == null) {
        possible.add(id);
      }
    }
    List<TaskSpec> pending = new ArrayList<>();
    var retried = store.retry(possible, startBefore).iterator();
    List<RetryResult> all = new ArrayList<>(answers.size());
    for (RetryResult answer : answers) {
      RetryResult result = answer == null ? retried.next() : answer;
      all.add(result);
      if (result instanceof RetryResult.Now(var task)) {
        pending.add(task.spec());
        if (parents.contains(task.id())) {
          retryChildren(task.id());
        }
      }
    }
    dispatcher.retried(pending);
    return all;
  }

  /** The parents that have ended, of tasks that might be retried. */
  private Set<TaskId> endedParents(Collection<Task> tasks) {
    Set<TaskId> parents =
        tasks.stream()
            .map(task -> task.spec().parent())
            .filter(Objects::nonNull)
            .collect(Collectors.toSet());
    return parents.isEmpty()
        ? Set.of()
        : store.findAll(parents).values().stream()
            .filter(task -> task.state().ended())
            .map(Task::id)
            .collect(Collectors.toSet());
  }

  /**
   * Why a task cannot be retried, as far as its family is the reason; null: it is not.
   *
   * @param endedParents of these and other tasks
   * @param parents takes the task where it has children
   */
  private @Nullable RetryResult refusal(
      @Nullable Task task, Set<TaskId> endedParents, Set<TaskId> parents) {
    if (task == null || !endedBadly(task)) {
      return null; // The store says so.
    }
    TaskId parent = task.spec().parent();
    if (parent != null && endedParents.contains(parent)) {
      return new RetryResult.ParentEnded(parent);
    }
    if (task.worker() == null && task.queuedAt().equals(task.createdAt())) {
      return null; // Never run nor retried, it has no children.
    }
    @Nullable TaskId after = null;
    ChildStore.Page page;
    do {
      page = families.children().unread(task.id(), after, LISTED_AT_A_TIME);
      List<TaskId> listed = page.children().stream().map(ChildStore.Ended::id).toList();
      if (!listed.isEmpty() || page.open() > 0) { // Open ones are being cancelled.
        parents.add(task.id());
      }
      if (!listed.isEmpty()) {
        after = listed.getLast();
      }
      if (!allKnown(listed)) {
        return new RetryResult.ChildrenGone();
      }
    } while (page.more() && !page.children().isEmpty());
    return null;
  }

  private static boolean endedBadly(Task task) {
    return task.state() == TaskState.FAILED || task.state() == TaskState.CANCELLED;
  }

  private boolean allKnown(List<TaskId> ids) {
    var all = new AtomicBoolean(true);
    finds.each(
        ids,
        (_, task) -> {
          all.set(task != null);
          return task != null;
        });
    return all.get();
  }

  private void retryChildren(TaskId parent) {
    for (List<TaskId> some : Portions.of(families.children().reopen(parent), AT_A_TIME)) {
      List<RetryResult> answers = retry(some, null);
      List<End> ends = new ArrayList<>();
      for (int i = 0; i < some.size(); i++) {
        TaskState state = stillEnded(answers.get(i));
        if (state != null) {
          ends.add(new End(parent, some.get(i), state));
        }
      }
      families.ends(ends);
    }
  }

  /** How a child has ended that could not be retried; null: it has not. */
  private static @Nullable TaskState stillEnded(RetryResult answer) {
    return switch (answer) {
      case RetryResult.Now _ -> null;
      case RetryResult.Otherwise(var task) -> task.state().ended() ? task.state() : null;
      case RetryResult.Unknown _,
          RetryResult.InputGone _,
          RetryResult.NeedsStart _,
          RetryResult.ChildrenGone _,
          RetryResult.ParentEnded _ ->
          TaskState.FAILED;
    };
  }
}
