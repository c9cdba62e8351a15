package dev.penstock.dispatch;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.Extended;
import dev.penstock.bus.Request.Held;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.metrics.Meters;
import dev.penstock.queue.TaskQueue;
import dev.penstock.queue.TaskQueue.Delivery;
import dev.penstock.queue.TaskQueue.Room;
import dev.penstock.store.TaskStore;
import dev.penstock.store.TaskStore.Claim;
import dev.penstock.store.TaskStore.Settled;
import dev.penstock.task.Ending;
import dev.penstock.task.LeasedTask;
import dev.penstock.task.Outcome;
import dev.penstock.task.RetryPolicy;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only writer of task state. Stateless but for its unacknowledged deliveries, so any number of
 * them may work side by side; every method may be repeated.
 */
final class Dispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

  private final TaskStore store;
  private final TaskQueue queue;
  private final Bus bus;
  private final Meters meters;
  private final Recorder recorder;
  private final Pauses pauses;
  private final RetryPolicy retries;
  private final Duration lease;
  private final Deliveries deliveries;

  Dispatcher(
      TaskStore store,
      TaskQueue queue,
      Bus bus,
      Meters meters,
      Recorder recorder,
      Pauses pauses,
      RetryPolicy retries,
      Duration lease) {
    this.store = store;
    this.queue = queue;
    this.bus = bus;
    this.meters = meters;
    this.recorder = recorder;
    this.pauses = pauses;
    this.retries = retries;
    this.lease = lease;
    this.deliveries = new Deliveries(queue);
  }

  Leased lease(LeaseTasks request) throws InterruptedException {
    long until = System.nanoTime() + request.patience().toNanos();
    if (!pauses.awaitResumed(request.lane(), request.patience())) {
      return new Leased(List.of(), false);
    }
    List<Delivery> received =
        queue.receive(
            request.lane(),
            new Room(request.tasks(), request.bytes(), request.least(), suspects(request)),
            Duration.ofNanos(Math.max(0, until - System.nanoTime())));
    if (received.isEmpty()) {
      return new Leased(List.of(), false);
    }
    if (pauses.lanes().contains(request.lane())) {
      queue.release(received); // Paused while it waited.
      return new Leased(List.of(), false);
    }
    List<Claim> claims;
    try {
      claims =
          store.claim(
              received.stream().map(Delivery::id).toList(),
              request.worker(),
              lease,
              request.suspects() == Suspects.TAKE);
    } catch (RuntimeException e) {
      queue.release(received);
      throw e;
    }
    List<LeasedTask> tasks = new ArrayList<>(received.size());
    List<Delivery> done = new ArrayList<>();
    List<Delivery> suspects = new ArrayList<>();
    for (int i = 0; i < claims.size(); i++) {
      Delivery delivery = received.get(i);
      switch (claims.get(i)) {
        case Claim.Claimed(Task task, var taskLease) -> {
          deliveries.keep(taskLease.token(), delivery);
          tasks.add(new LeasedTask(task, taskLease));
        }
        case Claim.Settled _, Claim.Held _ -> {
          meters.duplicate();
          done.add(delivery);
        }
        case Claim.Suspect _ -> suspects.add(delivery);
      }
    }
    queue.ack(done);
    queue.release(suspects);
    return new Leased(tasks, !suspects.isEmpty());
  }

  private static int suspects(LeaseTasks request) {
    return switch (request.suspects()) {
      case LEAVE -> 0;
      case SHOW -> 1;
      case TAKE -> request.tasks();
    };
  }

  Extended extend(ExtendLeases request) {
    Set<TaskId> lost =
        store.extend(
            request.held().stream()
                .map(held -> new TaskStore.Extension(held.id(), held.token(), held.progress()))
                .toList(),
            lease);
    for (Held held : request.held()) {
      if (lost.contains(held.id())) {
        deliveries.returned(held.id(), held.token());
      }
    }
    return new Extended(lost);
  }

  SettleReply settle(SettleTask request) {
    Ending ending = ending(request.id(), request.outcome());
    Settled settled = store.settle(request.id(), request.token(), ending);
    switch (settled) {
      case Settled.Now(Task task) -> {
        recorder.settled(task, ending);
        if (task.state().ended()) {
          deliveries.ack(task.id(), request.token());
          tell(task);
        } else if (waitsFor(ending).isZero()) {
          deliveries.again(List.of(task.spec()));
        } else {
          deliveries.ack(task.id(), request.token());
        }
        return SettleReply.SETTLED;
      }
      case Settled.Before _ -> {
        deliveries.ack(request.id(), request.token());
        return SettleReply.REPEATED;
      }
      case Settled.Stale _ -> {
        deliveries.returned(request.id(), request.token());
        meters.staleSettle();
        LOG.info("task {}: a late result was refused", request.id());
        return SettleReply.STALE;
      }
    }
  }

  private Ending ending(TaskId id, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done(var output) -> new Ending.Completed(output);
      case Outcome.Reject(var error) -> new Ending.Failed(error);
      case Outcome.Postpone(var delay) -> new Ending.Returned(delay);
      case Outcome.Retry(var error) -> afterFailure(id, error);
    };
  }

  /** Another attempt after a wait, or the end when there are none left. */
  private Ending afterFailure(TaskId id, TaskError error) {
    Task task = store.findAll(List.of(id)).get(id);
    int attempts = task == null ? 1 : task.attempts() + 1;
    return task == null || attempts >= task.spec().maxAttempts()
        ? new Ending.Failed(error)
        : new Ending.Backoff(error, retries.delay(attempts, RandomGenerator.getDefault()));
  }

  private static Duration waitsFor(Ending ending) {
    return switch (ending) {
      case Ending.Backoff(_, Duration delay) -> delay;
      case Ending.Returned(Duration delay) -> delay;
      case Ending.Completed _, Ending.Failed _ -> Duration.ZERO;
    };
  }

  /**
   * A task was ended from outside.
   *
   * @param worker who was running it; null: nobody
   */
  void cancelled(Task task, @Nullable String worker) {
    recorder.ended(task);
    deliveries.ack(task.id());
    tell(task);
    if (worker != null) {
      bus.tell(worker, new Event.RunCancelled(task.id()));
    }
  }

  /**
   * A task was ended from outside, and nobody may have heard of it. It is not counted: it may have
   * been. Its worker hears of it at its next extend.
   */
  void cancelledBefore(Task task) {
    deliveries.ack(task.id());
    tell(task);
  }

  /** Lost leases: their tasks run again, or have failed for good. */
  void reclaimed(TaskStore.Lapsed lapsed) {
    meters.leaseLost(lapsed.ready().size() + lapsed.failed().size());
    deliveries.again(lapsed.ready());
    for (Task task : lapsed.failed()) {
      deliveries.ack(task.id());
      recorder.ended(task);
      tell(task);
    }
  }

  /** Tasks whose time has come. */
  void due(List<TaskSpec> tasks) {
    queue.enqueue(tasks);
  }

  private void tell(Task task) {
    String node = task.spec().replyTo();
    if (node != null) {
      bus.tell(node, new Event.TaskSettled(task));
    }
  }
}
