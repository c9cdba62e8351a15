package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.dispatch.Settlements.Settlement;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.storage.TaskStore.Taking;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only writer of task state. Stateless but for its unacknowledged deliveries, so any number of
 * them may work side by side; every method may be repeated.
 */
final class Dispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

  static final Duration SOONEST_AFTER_DEATH = Duration.ofSeconds(5);
  static final Duration LATEST_AFTER_DEATH = Duration.ofMinutes(5);

  private static final int EXPIRED_AT_A_TIME = 500;

  private final TaskStore store;
  private final TaskQueue queue;
  private final Bus bus;
  private final Meters meters;
  private final Recorder recorder;
  private final Pauses pauses;
  private final Settlements settlements;
  private final Families families;
  private final Cancels cancels;
  private final LiveParents liveParents;
  private final Duration lease;
  private final Deliveries deliveries;
  private final LostRecords lostRecords;
  private final Overruns overruns;
  private final Unsent unsent;
  private final InstantSource clock;

  Dispatcher(
      TaskStore store,
      TaskQueue queue,
      Bus bus,
      Meters meters,
      Recorder recorder,
      Pauses pauses,
      Settlements settlements,
      Families families,
      Duration lease,
      InstantSource clock,
      Unsent unsent) {
    this.overruns = new Overruns(lease, clock, System::nanoTime);
    this.unsent = unsent;
    this.store = store;
    this.queue = queue;
    this.bus = bus;
    this.meters = meters;
    this.recorder = recorder;
    this.pauses = pauses;
    this.settlements = settlements;
    this.families = families;
    this.cancels = new Cancels(store, this, families);
    this.liveParents = new LiveParents(store, clock);
    this.lease = lease;
    this.deliveries = new Deliveries(queue, lease);
    this.clock = clock;
    this.lostRecords = new LostRecords(store, queue, meters, clock);
  }

  Leased lease(LeaseTasks request) throws InterruptedException {
    long until = System.nanoTime() + request.patience().toNanos();
    if (!pauses.awaitResumed(request.lane(), request.patience())) {
      return new Leased(List.of(), false);
    }
    List<Delivery> received =
        queue.receive(
            request.lane(),
            room(request),
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
      claims = claim(request, received);
      if (lostRecords.restore(received, claims)) {
        claims = claim(request, received);
      }
    } catch (RuntimeException e) {
      queue.release(received);
      throw e;
    }
    List<LeasedTask> tasks = new ArrayList<>(received.size());
    List<Delivery> done = new ArrayList<>();
    List<Delivery> suspects = new ArrayList<>();
    boolean expired = false;
    for (int i = 0; i < claims.size(); i++) {
      Delivery delivery = received.get(i);
      switch (claims.get(i)) {
        case Claim.Claimed(Task task, var taskLease, long run, var checkpoint, int deaths) -> {
          deliveries.keep(taskLease.token(), delivery);
          var leased = new LeasedTask(task, taskLease, run, checkpoint, deaths);
          overruns.leased(leased);
          tasks.add(leased);
        }
        case Claim.Settled _, Claim.Held _ -> {
          meters.duplicate();
          done.add(delivery);
        }
        case Claim.Unknown _ -> done.add(delivery);
        case Claim.Expired _ -> {
          expired = true;
          done.add(delivery);
        }
        case Claim.Suspect _ -> suspects.add(delivery);
      }
    }
    queue.ack(done);
    queue.releaseSuspects(suspects);
    if (expired) {
      expireIfPossible(); // where a ready task is its own message, it would come again until then
    }
    return new Leased(withoutOrphans(tasks), !suspects.isEmpty());
  }

  private void expireIfPossible() {
    try {
      expireUnbegun();
    } catch (Unavailable e) {
      LOG.debug("tasks expire later: {}", e.getMessage());
    }
  }

  /** Cancels tasks that have not begun by when they were to. */
  void expireUnbegun() {
    List<Task> expired = store.expireUnbegun(EXPIRED_AT_A_TIME);
    while (!expired.isEmpty()) {
      expired.forEach(task -> cancelled(task, null));
      families.ended(expired);
      expired = store.expireUnbegun(EXPIRED_AT_A_TIME);
    }
  }

  /** Children whose parents have ended are cancelled and not run. */
  private List<LeasedTask> withoutOrphans(List<LeasedTask> tasks) {
    List<TaskId> orphans = liveParents.orphans(tasks);
    if (orphans.isEmpty()) {
      return tasks;
    }
    cancelIfPossible(orphans);
    return tasks.stream().filter(leased -> !orphans.contains(leased.task().id())).toList();
  }

  /**
   * Cancels children that nobody waits for; those that cannot be are asked for again when leased.
   */
  private void cancelIfPossible(List<TaskId> children) {
    try {
      cancels.cancel(children);
    } catch (Unavailable e) {
      LOG.warn("{} children are cancelled later: {}", children.size(), e.getMessage());
    }
  }

  private List<Claim> claim(LeaseTasks request, List<Delivery> received) {
    return store.claim(
        received.stream().map(Delivery::id).toList(),
        request.worker(),
        lease,
        switch (request.suspects()) {
          case LEAVE, SHOW -> Taking.NONE;
          case TAKE -> Taking.HERE;
          case APART -> Taking.APART;
        });
  }

  private static Room room(LeaseTasks request) {
    int tasks = request.tasks();
    Room room =
        switch (request.suspects()) {
          case LEAVE -> new Room(tasks, request.bytes(), request.least(), 0);
          case SHOW -> new Room(tasks, request.bytes(), request.least(), 1);
          case TAKE -> new Room(tasks, request.bytes(), request.least());
          case APART -> Room.ofSuspects(tasks, request.bytes(), request.least());
        };
    return room.of(request.owners());
  }

  Set<TaskId> extend(ExtendLeases request) {
    long asked = System.nanoTime();
    Set<TaskId> over = endOverruns(request.held());
    List<HeldLease> all =
        request.held().stream().filter(held -> !over.contains(held.id())).toList();
    if (all.stream().anyMatch(held -> held.checkpoint() != null) && settlements.full()) {
      // What is held goes on in a full store, and takes no more of it.
      all = all.stream().map(HeldLease::withoutCheckpoint).toList();
    }
    Set<TaskId> lost = all.isEmpty() ? new HashSet<>() : new HashSet<>(store.extend(all, lease));
    for (HeldLease held : all) {
      if (lost.contains(held.id())) {
        overruns.forget(held.token());
        deliveries.returned(held.id(), held.token());
      } else {
        deliveries.extended(held.id(), held.token(), asked);
      }
    }
    lost.addAll(over);
    return lost;
  }

  /** Ends the runs among these that take too long: failed attempts, as their workers should say. */
  private Set<TaskId> endOverruns(List<HeldLease> held) {
    List<SettleTask> over = overruns.among(held, store::findAll);
    if (over.isEmpty()) {
      return Set.of();
    }
    var _ = settle(over);
    over.forEach(one -> overruns.ended(one.token()));
    return over.stream().map(SettleTask::id).collect(Collectors.toSet());
  }

  /** Settles runs that have ended; a reply for each, in order. */
  List<SettleReply> settle(List<SettleTask> ended) {
    List<Settlement> settled = settlements.settle(ended);
    List<SettleReply> replies = new ArrayList<>(ended.size());
    List<TaskSpec> again = new ArrayList<>();
    for (int i = 0; i < settled.size(); i++) {
      boolean ends = ends(ended.get(i).outcome());
      replies.add(settled(settled.get(i), ends, again));
    }
    again(again);
    List<TaskId> inVain = families.settled(settled);
    if (!inVain.isEmpty()) {
      cancelIfPossible(inVain);
    }
    return replies;
  }

  /** Has settled tasks delivered again; trouble with that is not for who settled to hear of. */
  private void again(List<TaskSpec> ready) {
    unsent.sendOrKeep(ready, deliveries::again);
  }

  /** Whether a task has ended with this outcome for certain: others may lead to another run. */
  private static boolean ends(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Done _, Outcome.Reject _ -> true;
      case Outcome.Postpone _, Outcome.Retry _, Outcome.Await _ -> false;
    };
  }

  /**
   * @param ends whether the task is over with this settle
   * @param again takes what is ready to run once more
   */
  private SettleReply settled(Settlement settlement, boolean ends, List<TaskSpec> again) {
    Settle settle = settlement.told();
    overruns.forget(settle.token());
    return switch (settlement.settled()) {
      case Settled.Now(Task task) -> {
        recorder.settled(task, settle.ending());
        if (task.state().ended()) {
          deliveries.ack(task.id(), settle.token());
          tell(task);
        } else if (ready(task, settle.ending())) {
          again.add(task.spec());
        } else {
          deliveries.ack(task.id(), settle.token());
        }
        yield SettleReply.SETTLED;
      }
      case Settled.Before _ -> {
        if (ends) {
          deliveries.ack(settle.id(), settle.token());
        } else {
          // It may be ready again and need its message; if not, the next claim says so.
          deliveries.returned(settle.id(), settle.token());
        }
        yield overruns.wasEnded(settle.token()) ? SettleReply.STALE : SettleReply.REPEATED;
      }
      case Settled.Stale _, Settled.TooManyOpen _, Settled.PutOffTooOften _ -> {
        deliveries.returned(settle.id(), settle.token());
        meters.staleSettle();
        LOG.info("task {}: a late result was refused", settle.id());
        yield SettleReply.STALE;
      }
    };
  }

  /** Whether a task that has not ended can be run again at once. */
  private static boolean ready(Task task, Ending ending) {
    return switch (ending) {
      case Ending.Backoff(_, Duration delay) -> delay.isZero();
      case Ending.Returned(Duration delay, _, _) -> delay.isZero();
      case Ending.Waits _, Ending.Died _ -> task.state() == TaskState.PENDING;
      case Ending.Completed _, Ending.Failed _ -> true;
    };
  }

  /**
   * Follows up a task that was ended from outside.
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
   * Follows up a task that was ended from outside when nobody may have heard of it. It is not
   * counted: it may have been. Its worker hears of it at its next extend.
   */
  void cancelledBefore(Task task) {
    deliveries.ack(task.id());
    tell(task);
  }

  /** Follows up lost leases: their tasks run again, or have failed for good. */
  void reclaimed(TaskStore.Lapsed lapsed) {
    meters.leaseLost(lapsed.ready().size() + lapsed.failed().size());
    for (Task task : lapsed.failed()) {
      deliveries.ack(task.id());
      recorder.ended(task);
      tell(task);
    }
    again(lapsed.ready());
    families.ended(lapsed.failed());
  }

  /**
   * Looks what became of tasks whose lease should have ended by now, as far as this node knows:
   * another node may have extended or settled it, or their worker is dead.
   */
  void lookAfterDeliveries() {
    deliveries.look(System.nanoTime(), store::findAll);
    overruns.tidy();
  }

  /**
   * Deals with a task whose message the queue gave up. One that runs is its worker's. A task that
   * nobody runs has failed when the message was dropped; when it was only delivered too often the
   * task comes again after a while, with a new message: a delivery is no run, and how many runs a
   * task may lose is the store's to say.
   */
  void dead(TaskQueue.Dead dead) {
    TaskId id = dead.task().id();
    Claim claim = claimDead(id);
    if (claim instanceof Claim.Unknown(var began) && lostRecords.restore(dead.task(), began)) {
      claim = claimDead(id);
    }
    if (claim instanceof Claim.Claimed(Task task, var taskLease, _, _, _)) {
      LOG.warn("task {}: the queue gave its message up: {}", id, dead.reason());
      Outcome outcome =
          dead.tooOften()
              ? new Outcome.Postpone(afterDeath(task))
              : new Outcome.Reject(
                  new TaskError(
                      TaskError.Code.LEASE_LOST,
                      "the queue gave its message up: " + dead.reason()));
      // Left with a lease it would count as lost.
      Repeat.whileUnknown(() ->
          settle(List.of(new SettleTask(id, task.spec().lane(), taskLease.token(), outcome))));
    }
  }

  /**
   * How long a task waits when its message has died: a tenth of its age, so that one that dies over
   * and over comes ever more rarely, and nobody has to remember how often it has.
   */
  private Duration afterDeath(Task task) {
    Duration tenth = Duration.between(task.createdAt(), clock.instant()).dividedBy(10);
    if (tenth.compareTo(SOONEST_AFTER_DEATH) < 0) {
      return SOONEST_AFTER_DEATH;
    }
    return tenth.compareTo(LATEST_AFTER_DEATH) < 0 ? tenth : LATEST_AFTER_DEATH;
  }

  private Claim claimDead(TaskId id) {
    return store.claim(List.of(id), "dead-letters", lease, true).getFirst();
  }

  /** Enqueues tasks whose time has come. */
  void due(List<TaskSpec> tasks) {
    queue.enqueue(tasks);
  }

  /** Enqueues those whose time has come of tasks that are to run again. */
  void retried(List<TaskSpec> tasks) {
    queue.enqueue(Ready.of(tasks, clock));
  }

  private void tell(Task task) {
    String node = task.spec().replyTo();
    if (node != null) {
      bus.tell(node, new Event.TaskSettled(task));
    }
  }
}
