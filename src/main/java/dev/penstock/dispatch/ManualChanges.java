package dev.penstock.dispatch;

import dev.penstock.base.Portions;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.CancelTasks;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.bus.Request.DeleteTasks;
import dev.penstock.bus.Request.PurgeLane;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.RetryTasks;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Glance;
import dev.penstock.core.RetryResult;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What people do to tasks: cancel them and run them again, one by one or many at once. */
final class ManualChanges {
  private static final int AT_A_TIME = 500;

  /** How many tasks one request changes at most; whoever wants more asks again. */
  private static final int MOST = 20 * AT_A_TIME;

  private static final Set<TaskState> LIVE = EnumSet.of(TaskState.PENDING, TaskState.PROCESSING);
  private static final Set<TaskState> ENDED_BADLY =
      EnumSet.of(TaskState.FAILED, TaskState.CANCELLED);

  private static final Set<TaskState> ENDED =
      EnumSet.of(TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED);

  private final TaskStore store;
  private final Dispatcher dispatcher;
  private final Families families;
  private final Cancels cancels;
  private final Abandoned abandoned;
  private final Reruns reruns;

  ManualChanges(TaskStore store, Dispatcher dispatcher, Families families) {
    this.store = store;
    this.dispatcher = dispatcher;
    this.families = families;
    this.cancels = new Cancels(store, dispatcher, families);
    this.abandoned = new Abandoned(store, cancels, families);
    this.reruns = new Reruns(store, dispatcher, families);
  }

  CancelResult cancel(CancelTask request) {
    return cancel(List.of(request.id())).getFirst();
  }

  private List<CancelResult> cancel(List<TaskId> ids) {
    List<CancelResult> answers = cancels.cancel(ids);
    if (answers.stream()
        .anyMatch(one -> one instanceof CancelResult.Now(var task, _) && ran(task))) {
      abandoned.runIfPossible();
    }
    return answers;
  }

  /** Whether a task may have children: it has run. */
  private static boolean ran(Task task) {
    return task.worker() != null;
  }

  RetryResult retry(RetryTask request) {
    RetryResult answer = reruns.retry(List.of(request.id()), request.startBefore()).getFirst();
    return answer instanceof RetryResult.Now(var task) ? new RetryResult.Now(task.brief()) : answer;
  }

  Swept cancel(CancelTasks request) {
    return sweep(
        request.filter(),
        LIVE,
        tasks -> cancel(ids(tasks)).stream().filter(CancelResult.Now.class::isInstance).count());
  }

  Swept retry(RetryTasks request) {
    return sweep(
        request.filter(),
        ENDED_BADLY,
        tasks -> {
          long retried = 0;
          for (List<TaskId> some : Portions.of(ids(tasks), Reruns.AT_A_TIME)) {
            retried +=
                reruns.retry(some, request.startBefore()).stream()
                    .filter(RetryResult.Now.class::isInstance)
                    .count();
          }
          return retried;
        });
  }

  DeleteResult delete(DeleteTask request) {
    return delete(store.glance(List.of(request.id())).values().stream().map(Glance::task).toList())
        .stream()
        .findFirst()
        .orElseGet(DeleteResult.Unknown::new);
  }

  Swept delete(DeleteTasks request) {
    return sweep(
        request.filter(),
        ENDED,
        tasks -> delete(tasks).stream().filter(DeleteResult.Now.class::isInstance).count());
  }

  /** Children whose parents may still read them stay, and so do parents of open children. */
  private List<DeleteResult> delete(List<Task> tasks) {
    Set<TaskId> live = liveParents(tasks);
    List<TaskId> free =
        tasks.stream().filter(task -> !live.contains(task.spec().parent())).map(Task::id).toList();
    List<DeleteResult> done = deleteAll(free);
    if (done.stream().anyMatch(DeleteResult.Needed.class::isInstance)) {
      abandoned.runIfPossible();
      done = again(free, done);
    }
    Iterator<DeleteResult> answers = done.iterator();
    List<DeleteResult> all = new ArrayList<>(tasks.size());
    for (Task task : tasks) {
      TaskId parent = task.spec().parent();
      all.add(
          parent != null && live.contains(parent)
              ? new DeleteResult.Needed(parent)
              : answers.next());
    }
    return all;
  }

  /** Of tasks that were there a moment ago. */
  private List<DeleteResult> deleteAll(List<TaskId> ids) {
    var tries = new AtomicInteger();
    List<DeleteResult> done =
        Repeat.whileUnknown(() -> {
          tries.incrementAndGet();
          return store.delete(ids);
        });
    // What is not there any more, the first try has deleted.
    return tries.get() == 1
        ? done
        : done.stream()
            .map(one -> one instanceof DeleteResult.Unknown ? new DeleteResult.Now() : one)
            .toList();
  }

  /** Now that their open children are cancelled. */
  private List<DeleteResult> again(List<TaskId> ids, List<DeleteResult> before) {
    List<TaskId> waiting = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      if (before.get(i) instanceof DeleteResult.Needed) {
        waiting.add(ids.get(i));
      }
    }
    Iterator<DeleteResult> now = deleteAll(waiting).iterator();
    return before.stream()
        .map(one -> one instanceof DeleteResult.Needed ? now.next() : one)
        .toList();
  }

  /** The parents of these that have not ended. */
  private Set<TaskId> liveParents(List<Task> tasks) {
    Set<TaskId> parents = new HashSet<>();
    for (Task task : tasks) {
      TaskId parent = task.spec().parent();
      if (parent != null) {
        parents.add(parent);
      }
    }
    Set<TaskId> live = new HashSet<>();
    new Finds(store)
        .each(
            List.copyOf(parents),
            (id, task) -> {
              if (task != null && !task.state().ended()) {
                live.add(id);
              }
              return true;
            });
    return live;
  }

  private static List<TaskId> ids(List<Task> tasks) {
    return tasks.stream().map(Task::id).toList();
  }

  private interface Change {
    /** Changes tasks; says how many it changed. */
    long apply(List<Task> tasks);
  }

  private Swept sweep(TaskFilter filter, Set<TaskState> possible, Change change) {
    Set<TaskState> states = EnumSet.copyOf(possible);
    if (!filter.states().isEmpty()) {
      states.retainAll(filter.states());
    }
    if (states.isEmpty()) {
      return new Swept(0, false);
    }
    TaskFilter meant = filter.in(states);
    long changed = 0;
    int seen = 0;
    @Nullable TaskId after = null;
    while (true) {
      TaskPage page = store.list(meant, after, AT_A_TIME);
      if (!page.tasks().isEmpty()) {
        changed += change.apply(page.tasks());
        seen += page.tasks().size();
        after = page.tasks().getLast().id();
      }
      if (!page.more() || seen >= MOST) {
        return new Swept(changed, page.more(), page.cut());
      }
    }
  }

  Swept purge(PurgeLane request) {
    long purged = 0;
    while (true) {
      List<Task> cancelled = store.cancelPending(request.lane(), AT_A_TIME);
      cancelled.forEach(task -> dispatcher.cancelled(task, null));
      families.ended(cancelled);
      if (cancelled.stream().anyMatch(ManualChanges::ran)) {
        abandoned.runIfPossible();
      }
      purged += cancelled.size();
      if (cancelled.size() < AT_A_TIME || purged >= MOST) {
        return new Swept(purged, cancelled.size() == AT_A_TIME);
      }
    }
  }
}
