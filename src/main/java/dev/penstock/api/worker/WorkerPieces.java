package dev.penstock.api.worker;

import dev.penstock.api.OwnTasks;
import dev.penstock.base.Newest;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.protocol.PiecesRequest;
import dev.penstock.task.Outcome;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /v1/worker/pieces}: what a remote worker's runs emit. */
public final class WorkerPieces {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerPieces.class);

  /** Leases whose tokens are known to be right; of others the store is asked again. */
  private static final int MOST_KNOWN = 10_000;

  /** So long other nodes may take to say what their listeners have. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  private static final long RUN_NOT_SAID = 0;

  private final Bus bus;

  /** The task of each key and token. Guarded by itself. */
  private final Map<String, String> known = Newest.used(MOST_KNOWN);

  public WorkerPieces(Bus bus) {
    this.bus = bus;
  }

  public Reply put(Exchange exchange) throws InterruptedException {
    PiecesRequest request = PiecesRequest.read(exchange.body());
    if (!holds(exchange, request)) {
      throw WorkerRuns.stale(request.id());
    }
    var emitter = new Emitter(request.id(), request.token(), request.run());
    Long heardFrom = request.heardFrom();
    if (heardFrom != null) {
      List<byte[]> heard = bus.ask(new HeardPieces(emitter, heardFrom, PATIENCE), OwnTasks.LIMIT);
      return Reply.json(200, json -> PiecesRequest.writeReply(json, request.id(), heard));
    }
    boolean taken =
        bus.call(new PutPieces(emitter, request.resumed(), request.offset(), request.pieces()));
    if (!taken) {
      throw WorkerRuns.stale(request.id()); // a later run has begun
    }
    if (request.end()) {
      long count = request.offset() + request.pieces().size();
      bus.call(new EndPieces(emitter, count, true));
    }
    return Reply.json(200, json -> PiecesRequest.writeReply(json, request.id(), null));
  }

  /** Whether the lease was current when this node first heard of it: the store is asked once. */
  private boolean holds(Exchange exchange, PiecesRequest request) throws InterruptedException {
    String holder = exchange.holder() + " " + request.token();
    synchronized (known) {
      if (request.id().value().equals(known.get(holder))) {
        return true;
      }
    }
    KeyReach.check(bus, exchange, request.id());
    if (!WorkerRuns.holds(bus, request.worker(), request.id(), request.token())) {
      return false;
    }
    synchronized (known) {
      known.put(holder, request.id().value());
    }
    return true;
  }

  /**
   * A run far away has ended.
   *
   * @param count how many pieces its result has; 0: none
   */
  void settled(SettleTask settle, long count) {
    var emitter = new Emitter(settle.id(), settle.token(), RUN_NOT_SAID);
    try {
      boolean done = settle.outcome() instanceof Outcome.Done;
      bus.call(new EndPieces(emitter, done && count > 0 ? count : -1, done));
    } catch (Unavailable e) {
      LOG.debug("task {}: nobody takes its pieces: {}", settle.id(), e.getMessage());
    }
  }
}
