package dev.penstock.remote;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.WorkerSeen;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.protocol.ChildrenReply;
import dev.penstock.protocol.ChildrenRequest;
import dev.penstock.protocol.ExtendReply;
import dev.penstock.protocol.LeaseTerms;
import dev.penstock.protocol.Offer;
import dev.penstock.protocol.SettleRequest;
import dev.penstock.protocol.SettleRequest.ResultWriter;
import dev.penstock.remote.RemoteServer.Reply;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves what workers ask of a dispatcher by asking a server far away. The worker's own parts
 * cannot tell the difference.
 */
public final class RemoteDispatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteDispatch.class);

  /** Results on their way at a time, each with a connection of its own; the others wait. */
  private static final int SETTLES = 8;

  /** An extend that takes longer is no use: the next one is due. */
  private static final Duration EXTEND = Duration.ofSeconds(8);

  private static final Duration SETTLE = Duration.ofSeconds(30);

  /** So long a result is tried again here; its sender waits a little longer, and asks again. */
  private static final Duration SETTLE_FOR = Duration.ofSeconds(12);

  /** So long a stop waits for what the server may have sent already. */
  private static final Duration ON_ITS_WAY = Duration.ofSeconds(5);

  private static final Duration CHILDREN = Duration.ofSeconds(13);

  private static final Duration FAREWELL = Duration.ofSeconds(2);

  /** Less than lanes wait for it. */
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(13);

  private static final Duration HELLO = Duration.ofSeconds(10);

  /** A server hears of this worker at least so often. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);

  private static final Duration LOOK = Duration.ofSeconds(1);

  private static final int OK = 200;
  private static final int BAD = 400;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int TOO_LARGE = 413;
  private static final int STORE_AWAY = 503;

  private final RemoteServer server;
  private final Conversation conversation;
  private final Semaphore settles = new Semaphore(SETTLES, true);
  private final ConcurrentMap<String, FutureTask<SettleReply>> underWay = new ConcurrentHashMap<>();
  private final Polls polls;
  private final RemotePieces pieces;
  private final CountDownLatch stop = new CountDownLatch(1);
  private volatile @Nullable Thread heartbeat;

  private volatile ResultWriter results =
      (_, lane, _) -> {
        throw new IllegalStateException("no task of " + lane + " can have run yet");
      };

  private RemoteDispatch(
      RemoteServer server, Conversation conversation, Duration interval, Duration lease) {
    this.server = server;
    this.conversation = conversation;
    pieces = new RemotePieces(server, conversation);
    polls = new Polls(server, conversation, this::giveBack, interval, lease);
  }

  /** What the server says when it is met. */
  public sealed interface Meeting {
    /**
     * The server takes this worker.
     *
     * @param lease how long its leases last
     */
    record Met(RemoteDispatch dispatch, Duration lease) implements Meeting {}

    /** The key is wrong or no worker's, or the server is not one to trust. */
    record Denied(String why) implements Meeting {}
  }

  /**
   * Meets the server: tries until it answers, for as long as that takes.
   *
   * @param interval at least so long from one poll that found nothing to the next
   */
  public static Meeting meet(RemoteServer server, String worker, Duration interval)
      throws InterruptedException {
    Link link = new Link(server.toString());
    var conversation = new Conversation(worker, link);
    byte[] hello = conversation.extend(List.of()).write();
    while (true) {
      try {
        Reply reply = server.post("/v1/worker/extend", hello, HELLO);
        switch (reply.status()) {
          case OK -> {
            LeaseTerms terms = ExtendReply.read(reply.body()).terms();
            if (terms.lease().isPositive()) {
              conversation.heard(terms);
              var dispatch = new RemoteDispatch(server, conversation, interval, terms.lease());
              return new Meeting.Met(dispatch, terms.lease());
            }
            return new Meeting.Denied(server + " does not answer as Penstock does");
          }
          case BAD, UNAUTHORIZED, FORBIDDEN, NOT_FOUND -> {
            return new Meeting.Denied(server + " answered " + Conversation.reason(reply));
          }
          default -> link.lost(Conversation.reason(reply));
        }
      } catch (RemoteServer.NotTrusted e) {
        return new Meeting.Denied(server + ": " + Conversation.reason(e));
      } catch (IOException e) {
        link.lost(Conversation.reason(e));
      }
      Thread.sleep(link.pause());
    }
  }

  /** Serves the bus from now on, and lets the server hear what this worker says of itself. */
  public void serve(Bus bus, ResultWriter writer) {
    results = writer;
    bus.serve(LeaseTasks.class, this::lease);
    bus.serve(ExtendLeases.class, this::extend);
    bus.serve(SettleTasks.class, request -> settle(request.ended(), ANSWER_WITHIN));
    bus.serve(FindChildren.class, this::children);
    bus.serve(PutPieces.class, pieces::put);
    bus.serve(EndPieces.class, pieces::end);
    bus.serve(HeardPieces.class, pieces::heard);
    bus.listenAll(WorkerSeen.class, seen -> conversation.figures(seen.worker()));
    heartbeat = Thread.ofVirtual().name("heartbeat").start(() -> beat(bus));
  }

  private Leased lease(LeaseTasks request) {
    try {
      return polls.lease(request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.refused("interrupted", e);
    }
  }

  /** Without what the server does not take: leases must not lapse for it. */
  private Set<TaskId> extend(ExtendLeases request) {
    List<HeldLease> held = Extras.offered(request.held(), conversation::offered);
    try {
      Reply reply = extend(held);
      if (Extras.in(held) && Extras.unknown(reply)) {
        reply = extend(Extras.without(held));
      }
      if (reply.status() == OK) {
        ExtendReply kept = ExtendReply.read(reply.body());
        conversation.heard(kept.terms());
        return kept.lost();
      }
      Unavailable away = away(new IOException(Conversation.reason(reply)));
      throw reply.status() == STORE_AWAY
          ? Unavailable.forAll(String.valueOf(away.getMessage()), away)
          : away;
    } catch (IOException e) {
      throw away(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.unknown("interrupted", e);
    }
  }

  private Reply extend(List<HeldLease> held) throws IOException, InterruptedException {
    return server.post("/v1/worker/extend", conversation.extend(held).write(), EXTEND);
  }

  /** None where the server knows of none. */
  private EndedChildren children(FindChildren asked) {
    if (!conversation.offered(Offer.CHILDREN)) {
      return EndedChildren.NONE;
    }
    var request =
        new ChildrenRequest(
            conversation.worker(), asked.parent(), asked.token(), asked.after(), asked.limit());
    try {
      Reply reply = server.post("/v1/worker/children", request.write(), CHILDREN);
      if (reply.status() == OK) {
        conversation.link().answered();
        return ChildrenReply.read(reply.body());
      }
      // A lost lease is found out by its next extend, which stops the run; 404 is an older server.
      throw reply.status() == CONFLICT || reply.status() == NOT_FOUND
          ? Unavailable.refused(Conversation.reason(reply), new IllegalStateException())
          : away(new IOException(Conversation.reason(reply)));
    } catch (IOException e) {
      throw away(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.unknown("interrupted", e);
    }
  }

  private Unavailable away(IOException e) {
    String why = Conversation.reason(e);
    conversation.link().lost(why);
    return Unavailable.unknown(server + ": " + why, e);
  }

  /**
   * The protocol takes one at a time, so they go side by side. What takes longer than the bus waits
   * goes on, and who asks again waits for that.
   */
  List<SettleReply> settle(List<SettleTask> ended, Duration within) {
    List<Future<SettleReply>> settles = ended.stream().map(this::underWay).toList();
    long until = System.nanoTime() + within.toNanos();
    List<SettleReply> replies = new ArrayList<>(settles.size());
    for (Future<SettleReply> settle : settles) {
      try {
        replies.add(settle.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS));
      } catch (TimeoutException e) {
        replies.add(SettleReply.UNANSWERED);
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case Unavailable _ -> replies.add(SettleReply.UNANSWERED);
          case RuntimeException why -> throw why;
          case null, default -> throw new IllegalStateException(e);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Unavailable.unknown("interrupted", e);
      }
    }
    return replies;
  }

  /** Begun now, or before and not ended: the same run is not settled twice at a time. */
  private Future<SettleReply> underWay(SettleTask request) {
    var settle =
        new FutureTask<>(() -> {
          try {
            return settle(request);
          } finally {
            underWay.remove(request.token()); // first: who hears how it ended may ask again
          }
        });
    FutureTask<SettleReply> before = underWay.putIfAbsent(request.token(), settle);
    if (before != null) {
      return before;
    }
    Thread.ofVirtual().name("settle").start(settle);
    return settle;
  }

  /**
   * @throws IllegalStateException when the server refuses the result for what it is
   */
  private SettleReply settle(SettleTask ended) {
    SettleTask request = takeable(ended);
    byte[] body = body(request);
    long until = System.nanoTime() + SETTLE_FOR.toNanos();
    try {
      if (!settles.tryAcquire(SETTLE_FOR.toMillis(), TimeUnit.MILLISECONDS)) {
        throw Unavailable.refused("too many results are on their way", new IllegalStateException());
      }
      try {
        while (true) {
          Unavailable failure;
          try {
            Reply reply = server.post("/v1/worker/settle", body, SETTLE);
            switch (reply.status()) {
              case OK -> {
                conversation.link().answered();
                return SettleRequest.readReply(reply.body());
              }
              case CONFLICT -> {
                conversation.link().answered();
                LOG.info("task {}: its result came too late and was refused", request.id());
                return SettleReply.STALE;
              }
              case BAD, TOO_LARGE -> {
                if (!Extras.unknown(reply)) {
                  throw new IllegalStateException(
                      "the server refuses it: " + Conversation.reason(reply));
                }
                // One of an older version, beside others: an await may meet one of those next.
                failure = away(new IOException(Conversation.reason(reply)));
                body =
                    SettleRequest.write(
                        conversation.worker(), Extras.withoutCheckpoint(request), results);
              }
              default -> failure = away(new IOException(Conversation.reason(reply)));
            }
          } catch (IOException e) {
            failure = away(e);
          }
          Duration pause = conversation.link().pause();
          if (System.nanoTime() + pause.toNanos() - until > 0) {
            throw failure;
          }
          Thread.sleep(pause);
        }
      } finally {
        settles.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.unknown("interrupted", e);
    }
  }

  private byte[] body(SettleTask request) {
    return request.outcome() instanceof Outcome.Retry(var error)
            && error.code() == TaskError.Code.LEASE_LOST
            && conversation.offered(Offer.APART)
        ? SettleRequest.writeDied(conversation.worker(), request, error)
        : SettleRequest.write(
            conversation.worker(), request, pieces.count(request.token()), results);
  }

  private SettleTask takeable(SettleTask ended) {
    SettleTask said = conversation.offered(Offer.BEGUN) ? ended : Extras.withoutBegun(ended);
    SettleTask request =
        conversation.offered(Offer.CHECKPOINTS) ? said : Extras.withoutCheckpoint(said);
    return conversation.offered(Offer.CHILDREN) ? request : Extras.withoutChildren(request);
  }

  private void giveBack(List<LeasedTask> tasks) {
    try {
      var _ = settle(tasks.stream().map(SettleTask::unrun).toList(), ANSWER_WITHIN);
    } catch (RuntimeException e) {
      LOG.debug("{} tasks: not all given back: {}", tasks.size(), e.getMessage());
    }
  }

  private void beat(Bus bus) {
    try {
      while (!stop.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          if (conversation.draining()) {
            bus.tellAll(new DrainWorker(conversation.worker(), null));
          }
          if (System.nanoTime() - conversation.heardAt() > HEARTBEAT.toNanos()) {
            extend(new ExtendLeases(conversation.worker(), List.of()));
          }
        } catch (Unavailable e) {
          LOG.debug("not heard: {}", e.getMessage());
        } catch (RuntimeException e) {
          LOG.error("the heartbeat failed", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Asks for no more work, and waits until nothing is on its way here any more: what still came has
   * gone back. What runs is extended and settled as before.
   */
  public void stopLeasing() throws InterruptedException {
    polls.stop();
    conversation.stopping();
    Thread.ofVirtual().name("stopping").start(this::tellStopping);
    if (!polls.awaitEnd(ON_ITS_WAY)) {
      LOG.info("{} does not answer: what it may have sent lapses", server);
      polls.breakOff();
    }
  }

  /** Held polls end with it; a server that does not know of it would hold them for long. */
  private void tellStopping() {
    try {
      Reply reply =
          server.post("/v1/worker/extend", conversation.leaving(false).write(), ON_ITS_WAY);
      if (reply.status() != OK) {
        LOG.debug("not told that this worker stops: {}", Conversation.reason(reply));
        polls.breakOff();
      }
    } catch (IOException e) {
      LOG.debug("not told that this worker stops: {}", Conversation.reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Says last that this worker is gone: it is not to be looked out for. */
  @Override
  public void close() {
    polls.stop();
    polls.breakOff();
    stop.countDown();
    pieces.close();
    try {
      Thread beats = heartbeat;
      if (beats != null) {
        beats.join(FAREWELL); // it must not be heard after the farewell
      }
      server.post("/v1/worker/extend", conversation.leaving(true).write(), FAREWELL);
    } catch (IOException e) {
      LOG.debug("not told that this worker has stopped: {}", Conversation.reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      server.close();
    }
  }
}
