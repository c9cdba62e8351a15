package dev.penstock.api.worker;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.Reach;
import dev.penstock.protocol.KnownLanes;
import dev.penstock.protocol.LeaseReply;
import dev.penstock.protocol.LeaseRequest;
import dev.penstock.protocol.LeaseRequest.Wish;
import dev.penstock.protocol.LeaseTerms;
import dev.penstock.web.Answer;
import dev.penstock.web.ApiError;
import dev.penstock.web.ClientGone;
import dev.penstock.web.Exchange;
import dev.penstock.web.LongReply;
import dev.penstock.web.Refusal;
import dev.penstock.web.Share;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /v1/worker/lease}: work for a remote worker, from several lanes at once, held open
 * until there is some.
 */
public final class WorkerLeases {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerLeases.class);

  /** One wait on the bus: what it brings after its poll has ended goes back at once. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  private static final Duration ANSWER = Duration.ofSeconds(15);

  /** How often a poll looks whether the node stops or the worker is to drain. */
  private static final Duration LOOK = Duration.ofMillis(250);

  private static final Duration SETTLE = Duration.ofSeconds(5);
  private static final int GIVE_BACK_TRIES = 3;

  private final Bus bus;
  private final KnownLanes lanes;
  private final RemoteWorkers workers;
  private final Duration lease;
  private final BooleanSupplier stopping;
  private final Share waits;
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * @param waits for lanes that are waited on; more are refused
   */
  public WorkerLeases(
      Bus bus,
      KnownLanes lanes,
      RemoteWorkers workers,
      Share waits,
      Duration lease,
      BooleanSupplier stopping) {
    this.bus = bus;
    this.lanes = lanes;
    this.workers = workers;
    this.waits = waits;
    this.lease = lease;
    this.stopping = stopping;
  }

  public Answer lease(Exchange exchange) throws InterruptedException {
    Reach reach = exchange.caller().reach();
    LeaseRequest poll = LeaseRequest.read(exchange.body(), KeyReach.lanes(lanes, reach));
    exchange.bodyIsRead();
    if (stopping.getAsBoolean()) {
      throw new Refusal(ApiError.stopping());
    }
    workers.seen(poll);
    var catchAll = new PollResult(poll.most(), poll.bytes());
    Share.Held waiting = waits.take(exchange.holder(), poll.wishes().size());
    try {
      var _ = exchange.gone().thenRun(catchAll::close);
      if (!workers.draining(poll)) {
        look(poll, reach, catchAll);
      }
      if (catchAll.isEmpty()) {
        await(poll, reach, catchAll);
      }
      catchAll.close();
    } catch (RuntimeException | InterruptedException e) {
      catchAll.close();
      giveBack(catchAll.caught());
      throw e;
    } finally {
      waiting.close();
    }
    List<LeasedTask> tasks = catchAll.tasks();
    if (exchange.gone().isDone()) {
      putOff(tasks);
      throw new ClientGone();
    }
    // Where the reply does not reach it. What was lost beyond that lapses.
    var _ = exchange.gone().thenRun(() -> Thread.ofVirtual().start(() -> putOff(tasks)));
    hold(exchange, tasks);
    var terms = LeaseTerms.ours(lease, workers.draining(poll));
    return LongReply.json(200, new LeaseReply(tasks, catchAll.suspects(), terms)::write);
  }

  /** Room for the inputs while the worker reads them; without it the work is for others. */
  private void hold(Exchange exchange, List<LeasedTask> tasks) throws InterruptedException {
    try {
      exchange.hold(tasks.stream().mapToLong(task -> task.task().spec().input().length).sum());
    } catch (Refusal refusal) {
      giveBack(tasks);
      throw refusal;
    }
  }

  /**
   * Takes what is there now. Lanes take turns in being the first, and each gives its share before
   * any gives more.
   */
  private void look(LeaseRequest poll, Reach reach, PollResult found) throws InterruptedException {
    List<Wish> wishes = poll.wishes();
    int first = Math.floorMod(turn.getAndIncrement(), wishes.size());
    int share = Math.max(1, poll.most() / wishes.size());
    int[] tasks = new int[wishes.size()];
    long[] bytes = new long[wishes.size()];
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < wishes.size() && found.room() > 0 && found.isOpen(); i++) {
        int at = (first + i) % wishes.size();
        Wish wish = wishes.get(at);
        int most = Math.min(found.room(), pass == 0 ? share : wish.tasks() - tasks[at]);
        long room = Math.min(found.roomBytes(), wish.bytes() - bytes[at]);
        // In the second pass only those that had more than their share may have more still.
        boolean fewer = pass == 1 && tasks[at] < Math.min(share, wish.tasks());
        if (most <= 0 || room <= 0 || fewer) {
          continue;
        }
        List<LeasedTask> got =
            ask(poll.worker(), reach, wish.less(most, room), Duration.ZERO, found);
        tasks[at] += got.size();
        bytes[at] += got.stream().mapToLong(task -> task.task().spec().input().length).sum();
      }
    }
  }

  /** Waits on all lanes side by side; the first that has something ends it. */
  private void await(LeaseRequest poll, Reach reach, PollResult found) throws InterruptedException {
    long until = System.nanoTime() + poll.hold().toNanos();
    // A worker that takes no notice of suspects or of a drain must not ask in a tight circle.
    boolean shown = !found.suspects().isEmpty() || workers.draining(poll);
    if (shown) {
      until = Math.min(until, System.nanoTime() + SLICE.toNanos());
    }
    if (!workers.draining(poll)) {
      for (Wish wish : poll.wishes()) {
        Wish wanted = shown && wish.suspects() == Suspects.SHOW ? wish.leavingSuspects() : wish;
        long end = until;
        Thread.ofVirtual()
            .name("poll " + poll.worker() + " " + wish.lane())
            .start(() ->
                listen(poll.worker(), reach, wanted.less(poll.most(), poll.bytes()), end, found));
      }
    }
    long left = until - System.nanoTime();
    while (left > 0
        && found.await(Duration.ofNanos(Math.min(left, LOOK.toNanos())))
        && !stopping.getAsBoolean()
        && (shown || !workers.draining(poll))) {
      workers.holds(poll);
      left = until - System.nanoTime();
    }
  }

  private void listen(String worker, Reach reach, Wish wish, long until, PollResult found) {
    try {
      long left = until - System.nanoTime();
      while (left > 0 && found.isOpen()) {
        Duration wait = Duration.ofNanos(Math.min(left, SLICE.toNanos()));
        if (!ask(worker, reach, wish, wait, found).isEmpty() || !found.suspects().isEmpty()) {
          found.close();
        }
        left = until - System.nanoTime();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      found.failed(e);
    }
  }

  /** What of it was taken. */
  private List<LeasedTask> ask(
      String worker, Reach reach, Wish wish, Duration wait, PollResult found)
      throws InterruptedException {
    Leased leased =
        bus.ask(
            new LeaseTasks(
                worker,
                wish.lane(),
                wish.tasks(),
                wish.bytes(),
                wish.least(),
                wish.suspects(),
                wait,
                reach.owners()),
            wait.plus(ANSWER));
    List<LeasedTask> over = found.add(wish.lane(), leased);
    giveBack(over);
    return leased.tasks().stream().filter(task -> !over.contains(task)).toList();
  }

  /** What came too late, or is too much, and no worker has had. */
  private void giveBack(List<LeasedTask> tasks) {
    settle(tasks.stream().map(SettleTask::unrun).toList());
  }

  /** What a worker asked for and did not wait for: it may do so without end. */
  private void putOff(List<LeasedTask> tasks) {
    settle(tasks.stream().map(task -> SettleTask.unrun(task).fromFar()).toList());
  }

  private void settle(List<SettleTask> tasks) {
    if (tasks.isEmpty()) {
      return;
    }
    var request = new SettleTasks(tasks);
    for (int tries = 1; tries <= GIVE_BACK_TRIES; tries++) {
      try {
        bus.ask(request, SETTLE);
        return;
      } catch (Unavailable e) {
        LOG.debug("{} tasks not given back: {}", tasks.size(), e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return; // the leases lapse
      }
    }
  }
}
