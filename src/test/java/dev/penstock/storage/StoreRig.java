package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.tasks;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.CancelResult;
import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.Lease;
import dev.penstock.core.RetryResult;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Lane;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A store to test, and what tests do with one. */
public interface StoreRig {

  Duration LEASE = Duration.ofSeconds(30);
  Duration MARGIN = Duration.ofSeconds(10);
  int MAX_LOST = 2;
  TaskError ERROR = new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw");
  String OTHER_TOKEN = Lease.newToken();

  SettableClock clock();

  /** The store of this test. */
  TaskStore store();

  /** Closes the store and opens it again: what it was told to keep is there still. */
  void restart() throws Exception;

  default Claim.Claimed claimed() {
    TaskSpec spec = task();
    store().insert(List.of(spec));
    return claim(spec);
  }

  default Claim claimOnce(TaskSpec spec) {
    return store().claim(List.of(spec.id()), "w", LEASE, false).getFirst();
  }

  default Claim.Claimed claim(TaskSpec spec) {
    return (Claim.Claimed) claimOnce(spec);
  }

  default Claim.Claimed claimAlone(TaskSpec spec) {
    return (Claim.Claimed) store().claim(List.of(spec.id()), "w", LEASE, true).getFirst();
  }

  default List<Claim.Claimed> claimAll(List<TaskSpec> specs) {
    return store().claim(ids(specs), "w", LEASE, false).stream()
        .map(claim -> (Claim.Claimed) claim)
        .toList();
  }

  default Settled settle(Claim.Claimed claimed, Ending ending) {
    return store()
        .settle(List.of(new Settle(claimed.task().id(), claimed.lease().token(), ending)))
        .getFirst();
  }

  /** Lets the lease lapse, and every other one that is held. */
  default void lose(Claim.Claimed claimed) {
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));
    assertThat(ids(reclaim().ready())).contains(claimed.task().id());
  }

  /** Lets the lease lapse, and every other one that is held, where nobody is known to live. */
  default void die(Claim.Claimed claimed) {
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));
    Lapsed lapsed = store().reclaimLapsed(MARGIN, MAX_LOST, 100, new Living(true, Map.of()));
    assertThat(ids(lapsed.ready())).contains(claimed.task().id());
  }

  /** A task that two processes died of. */
  default TaskSpec suspect() {
    TaskSpec spec = inserted(task());
    die(claim(spec));
    die(claim(spec));
    return spec;
  }

  default Lapsed reclaim() {
    return store().reclaimLapsed(MARGIN, MAX_LOST, 100);
  }

  default HeldLease extension(Claim.Claimed claimed, @Nullable Progress progress) {
    return new HeldLease(claimed.task().id(), claimed.lease().token(), progress);
  }

  default byte[] output(Task task) {
    return requireNonNull(task.output()).bytes();
  }

  default Task known(Map<TaskId, Task> tasks, TaskSpec spec) {
    return requireNonNull(tasks.get(spec.id()));
  }

  default Task get(TaskSpec spec) {
    return store().find(spec.id()).orElseThrow();
  }

  default Task get(Claim.Claimed claimed) {
    return get(claimed.task().spec());
  }

  default TaskSpec inserted(TaskSpec spec) {
    store().insert(List.of(spec));
    return spec;
  }

  default void complete(TaskSpec spec) {
    settle(claim(spec), new Ending.Completed(json("1")));
  }

  default void fail(TaskSpec spec) {
    settle(claim(spec), new Ending.Failed(ERROR));
  }

  default CancelResult cancel(TaskSpec spec) {
    return store().cancel(List.of(spec.id())).getFirst();
  }

  /** However short the time since they ended. */
  default int deleteOldestCompleted(int limit) {
    return store().deleteOldest(TaskState.COMPLETED, Duration.ZERO, limit);
  }

  default RetryResult retry(TaskSpec spec) {
    return store().retry(List.of(spec.id())).getFirst();
  }

  default LaneCounts lane(Lane lane) {
    return store().figures().lanes().stream()
        .filter(figures -> figures.lane().equals(lane))
        .findFirst()
        .orElseThrow();
  }

  default void assertSame(TaskSpec actual, TaskSpec expected) {
    assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
  }

  interface Work {
    void as(int worker) throws Exception;
  }

  default void atOnce(int workers, Work work) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Void>> all = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        int worker = i;
        all.add(() -> {
          work.as(worker);
          return null;
        });
      }
      for (Future<Void> done : threads.invokeAll(all, 2, TimeUnit.MINUTES)) {
        done.get();
      }
    }
  }
}
