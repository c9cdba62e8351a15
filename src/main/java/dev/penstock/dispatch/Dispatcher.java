package dev.penstock.dispatch;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.Extended;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Submitted;
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
import dev.penstock.task.Unavailable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
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
  private final RetryPolicy retries;
  private final Duration lease;
  private final Deliveries deliveries;
  private volatile boolean full;

  Dispatcher(
      TaskStore store,
      TaskQueue queue,
      Bus bus,
      Meters meters,
      RetryPolicy retries,
      Duration lease) {
    this.store = store;
    this.queue = queue;
    this.bus = bus;
    this.meters = meters;
    this.retries = retries;
    this.lease = lease;
    this.deliveries = new Deliveries(queue);
  }

  /** Refuses new work while the store is over its limit. */
  void setFull(boolean full) {
    this.full = full;
  }

  Submitted submit(SubmitTasks request) {
    List<TaskSpec> specs = request.specs();
    if (full) {
      return refuse(specs, TaskError.Code.OVERLOADED, "the task store is full");
    }
    try {
      Repeat.whileUnknown(() -> store.insert(specs));
    } catch (Unavailable e) {
      LOG.warn("refused {} tasks: {}", specs.size(), e.getMessage());
      return refuse(specs, TaskError.Code.UNAVAILABLE, "the task store cannot write");
    }
    List<TaskSpec> ready = specs.stream().filter(spec -> spec.runAt() == null).toList();
    try {
      Repeat.whileUnknown(() -> queue.enqueue(ready));
    } catch (Unavailable e) {
      LOG.warn("refused {} tasks: {}", specs.size(), e.getMessage());
      if (e.surelyNotDone()) {
        return withdraw(specs, ready);
      }
      return refuse(specs, TaskError.Code.UNAVAILABLE, "the task queue does not answer");
    }
    specs.forEach(spec -> meters.submitted(spec.lane()));
    return new Submitted(specs.stream().map(_ -> Optional.<TaskError>empty()).toList());
  }

  private static Submitted refuse(List<TaskSpec> specs, TaskError.Code code, String message) {
    var refusal = Optional.of(new TaskError(code, message));
    return new Submitted(specs.stream().map(_ -> refusal).toList());
  }

  /** Nothing was published: forgets the records, so that no task runs whose submit was refused. */
  private Submitted withdraw(List<TaskSpec> specs, List<TaskSpec> unpublished) {
    var refusal =
        Optional.of(
            new TaskError(TaskError.Code.UNAVAILABLE, "the task queue takes no work right now"));
    List<Optional<TaskError>> answers = new ArrayList<>(specs.size());
    for (TaskSpec spec : specs) {
      boolean accepted = !unpublished.contains(spec);
      if (!accepted) {
        try {
          // Claimed all the same: somebody runs it, so it was accepted.
          accepted = !store.deleteUnclaimed(spec.id()) && store.find(spec.id()).isPresent();
        } catch (Unavailable e) {
          LOG.warn("task {} was refused and could not be withdrawn", spec.id());
        }
      }
      answers.add(accepted ? Optional.empty() : refusal);
    }
    return new Submitted(answers);
  }

  Leased lease(LeaseTasks request) throws InterruptedException {
    List<Delivery> received =
        queue.receive(
            request.lane(),
            new Room(request.tasks(), request.bytes(), request.least(), suspects(request)),
            request.patience());
    if (received.isEmpty()) {
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
          deliveries.keep(delivery);
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
    return new Extended(
        store.extend(
            request.held().stream()
                .map(held -> new TaskStore.Extension(held.id(), held.token(), held.progress()))
                .toList(),
            lease));
  }

  SettleReply settle(SettleTask request) {
    Ending ending = ending(request.id(), request.outcome());
    Settled settled = store.settle(request.id(), request.token(), ending);
    switch (settled) {
      case Settled.Now(Task task) -> {
        count(task, ending);
        if (task.state().ended()) {
          deliveries.ack(task.id());
          tell(task);
        } else if (waitsFor(ending).isZero()) {
          deliveries.again(List.of(task.spec()));
        } else {
          deliveries.ack(task.id());
        }
        return SettleReply.SETTLED;
      }
      case Settled.Before _ -> {
        deliveries.ack(request.id());
        return SettleReply.REPEATED;
      }
      case Settled.Stale _ -> {
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
    Optional<Task> task = store.find(id);
    int attempts = task.map(Task::attempts).orElse(0) + 1;
    return task.isEmpty() || attempts >= task.get().spec().maxAttempts()
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

  private void count(Task task, Ending ending) {
    Instant started = task.startedAt();
    Instant ended = task.finishedAt();
    meters.settled(task.spec().lane(), ending);
    if (started != null && ended != null) {
      meters.ended(
          task.spec().lane(),
          Duration.between(task.createdAt(), started),
          Duration.between(started, ended));
    }
  }

  /** Lost leases: their tasks run again, or have failed for good. */
  void reclaimed(TaskStore.Lapsed lapsed) {
    meters.leaseLost(lapsed.ready().size() + lapsed.failed().size());
    deliveries.again(lapsed.ready());
    for (Task task : lapsed.failed()) {
      deliveries.ack(task.id());
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
