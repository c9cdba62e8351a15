package dev.penstock.api.worker;

import dev.penstock.api.OwnTasks;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.WorkerLeft;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.core.Glance;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Reach;
import dev.penstock.json.Fields;
import dev.penstock.protocol.ExtendReply;
import dev.penstock.protocol.ExtendReply.Extension;
import dev.penstock.protocol.ExtendReply.Status;
import dev.penstock.protocol.ExtendRequest;
import dev.penstock.protocol.KnownLanes;
import dev.penstock.protocol.LeaseTerms;
import dev.penstock.protocol.SettleRequest;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/worker/extend} and {@code /settle}: what a remote worker says of its runs. */
public final class WorkerRuns {
  private final Bus bus;
  private final KnownLanes lanes;
  private final RemoteWorkers workers;
  private final WorkerResults results;
  private final WorkerPieces pieces;
  private final Duration lease;

  public WorkerRuns(
      Bus bus,
      KnownLanes lanes,
      RemoteWorkers workers,
      WorkerResults results,
      WorkerPieces pieces,
      Duration lease) {
    this.bus = bus;
    this.lanes = lanes;
    this.workers = workers;
    this.results = results;
    this.pieces = pieces;
    this.lease = lease;
  }

  public Reply extend(Exchange exchange) throws InterruptedException {
    ExtendRequest hold = ExtendRequest.read(exchange.body(), lanes);
    Instant stopping = hold.stopping();
    if (stopping != null && hold.stopped()) {
      workers.left(hold.worker(), stopping);
      bus.tellAll(new WorkerLeft(hold.worker(), stopping));
    } else {
      if (stopping != null) {
        // Its polls are held by any node.
        workers.drain(hold.worker(), stopping);
        bus.tellAll(new DrainWorker(hold.worker(), stopping));
      }
      workers.seen(hold);
    }
    // From before the store is asked: never later than what it grants.
    Instant until = Instant.now().plus(lease);
    List<Extension> leases = new ArrayList<>(hold.held().size());
    for (List<HeldLease> part : hold.parts()) {
      leases.addAll(extend(hold.worker(), exchange.caller().reach(), part));
    }
    var terms = LeaseTerms.ours(lease, workers.draining(hold));
    return Reply.json(200, json -> new ExtendReply(leases, terms).write(json, until));
  }

  private List<Extension> extend(String worker, Reach reach, List<HeldLease> leases)
      throws InterruptedException {
    Set<TaskId> all = leases.stream().map(HeldLease::id).collect(Collectors.toSet());
    Set<TaskId> outside = KeyReach.outside(bus, reach, all);
    List<HeldLease> within = leases.stream().filter(held -> !outside.contains(held.id())).toList();
    Set<TaskId> gone = bus.ask(new ExtendLeases(worker, within), OwnTasks.LIMIT);
    Map<TaskId, Glance> ended =
        gone.isEmpty() ? Map.of() : bus.ask(new GlanceAtTasks(gone), OwnTasks.LIMIT);
    Set<TaskId> lost = new HashSet<>(gone);
    lost.addAll(outside);
    return leases.stream()
        .map(held -> new Extension(held.id(), status(held.id(), lost, ended)))
        .toList();
  }

  private static Status status(TaskId id, Set<TaskId> lost, Map<TaskId, Glance> ended) {
    if (!lost.contains(id)) {
      return Status.HELD;
    }
    @Nullable Glance seen = ended.get(id);
    return seen != null && seen.task().state() == TaskState.CANCELLED
        ? Status.CANCELLED
        : Status.LOST;
  }

  public Reply settle(Exchange exchange) throws InterruptedException {
    SettleRequest.Settle said = SettleRequest.readAll(exchange.body(), this::result);
    SettleTask settle = said.task().fromFar();
    TaskId id = settle.id();
    exchange.about(id);
    KeyReach.check(bus, exchange, id);
    SettleReply answer = bus.ask(new SettleTasks(List.of(settle)), OwnTasks.LIMIT).getFirst();
    if (answer == SettleReply.STALE) {
      throw stale(id);
    }
    pieces.settled(settle, said.pieces());
    return Reply.json(200, json -> SettleRequest.writeReply(json, id, answer))
        .with("X-Task-Id", id.value());
  }

  private TaskOutput result(Fields fields, byte[] json, TaskId id) throws InterruptedException {
    Optional<Task> task = bus.ask(new FindTask(id), OwnTasks.LIMIT);
    return results.of(fields, json, task.orElseThrow(() -> stale(id)));
  }

  /** Whether a worker runs the task: the lease is extended by it, as far as it is held. */
  static boolean holds(Bus bus, String worker, TaskId id, String token)
      throws InterruptedException {
    var held = List.of(new HeldLease(id, token, null));
    return bus.ask(new ExtendLeases(worker, held), OwnTasks.LIMIT).isEmpty();
  }

  static Refusal stale(TaskId id) {
    return new Refusal(
        ApiError.http(
                409,
                "lease_stale",
                "The lease is not the task's current one: it lapsed, or the task was cancelled or is"
                    + " no more. Nothing was changed.")
            .withParam("token"),
        id);
  }
}
