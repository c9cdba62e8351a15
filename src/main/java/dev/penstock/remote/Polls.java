package dev.penstock.remote;

import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.LeasedTask;
import dev.penstock.protocol.ErrorReply;
import dev.penstock.protocol.LeaseReply;
import dev.penstock.protocol.LeaseRequest;
import dev.penstock.protocol.Offer;
import dev.penstock.remote.RemoteServer.Reply;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the server for work. Lanes that ask at about the same time share one poll, and all held
 * polls end at the same moments, after which idle lanes meet again: so many idle lanes hold one
 * connection.
 */
final class Polls {
  private static final Logger LOG = LoggerFactory.getLogger(Polls.class);

  /** How long a lane waits for others to ask with it. */
  private static final Duration GATHER = Duration.ofMillis(3);

  private static final Duration LONGEST_HOLD = Duration.ofSeconds(10);
  private static final Duration URGENT_HOLD = Duration.ofSeconds(1);

  /** Beyond the hold: for the way there and back. */
  private static final Duration ANSWER = Duration.ofSeconds(4);

  /** The asker on the bus waits a little longer than this. */
  private static final Duration ASKER = Duration.ofSeconds(15);

  /** After which a lane that the server does not know is asked for again. */
  private static final long UNKNOWN_LANE = Duration.ofSeconds(30).toNanos();

  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final Pattern LANE_AT_FAULT = Pattern.compile("lanes\\[(\\d{1,4})].*");
  private static final Leased NOTHING = new Leased(List.of(), false);

  private final RemoteServer server;
  private final Conversation conversation;
  private final Consumer<List<LeasedTask>> giveBack;
  private final Duration interval;
  private final Duration hold;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Map<Kind, List<Ask>> gathering = new HashMap<>(); // guarded by itself
  private final Map<String, Long> notBefore = new ConcurrentHashMap<>();
  private final Set<Thread> polling = new HashSet<>(); // guarded by itself
  private volatile long busyUntil = System.nanoTime();

  /** Only like asks share a poll: they are held for different times. */
  private enum Kind {
    USUAL,
    URGENT
  }

  private record Ask(LeaseTasks request, CompletableFuture<Leased> answer) {}

  /**
   * @param giveBack takes what nobody here will run
   * @param interval at least so long from one poll that found nothing to the next
   * @param lease how long the server's leases last
   */
  Polls(
      RemoteServer server,
      Conversation conversation,
      Consumer<List<LeasedTask>> giveBack,
      Duration interval,
      Duration lease) {
    this.server = server;
    this.conversation = conversation;
    this.giveBack = giveBack;
    this.interval = interval;
    Duration third = lease.dividedBy(3);
    hold = third.compareTo(LONGEST_HOLD) < 0 ? third : LONGEST_HOLD;
  }

  /** Never fails: while the server is away there is no work, and the lane asks again. */
  Leased lease(LeaseTasks request) throws InterruptedException {
    return request.suspects() == Suspects.APART && !conversation.offered(Offer.APART)
        ? withSuspects(ask(oneAlone(request)))
        : ask(request);
  }

  /** What an older server takes: it gives one suspect at a time, or what else comes next. */
  private static LeaseTasks oneAlone(LeaseTasks request) {
    return new LeaseTasks(
        request.worker(),
        request.lane(),
        1,
        request.bytes(),
        request.least(),
        Suspects.TAKE,
        request.patience());
  }

  /** An older server does not count deaths: for it each task that lost a lease is a suspect. */
  private static Leased withSuspects(Leased leased) {
    return new Leased(
        leased.tasks().stream()
            .map(each ->
                each.task().lost() == 0
                    ? each
                    : new LeasedTask(
                        each.task(),
                        each.lease(),
                        each.run(),
                        each.checkpoint(),
                        LeasedTask.SUSPECT))
            .toList(),
        leased.suspectWaiting());
  }

  private Leased ask(LeaseTasks request) throws InterruptedException {
    long until = System.nanoTime() + ASKER.toNanos();
    Kind kind = request.least().equals(Priority.LOWEST) ? Kind.USUAL : Kind.URGENT;
    String name = request.lane().name() + " " + kind;
    boolean take = request.suspects() == Suspects.TAKE || request.suspects() == Suspects.APART;
    if (!take && !ready(notBefore.getOrDefault(name, System.nanoTime()), until)) {
      return NOTHING;
    }
    if (conversation.draining()) {
      stop.await(request.patience().toMillis(), TimeUnit.MILLISECONDS);
      return NOTHING;
    }
    long asked = System.nanoTime();
    Ask ask = new Ask(request, new CompletableFuture<>());
    if (take) {
      poll(List.of(ask), Duration.ZERO);
    } else {
      gather(kind, ask);
    }
    try {
      Leased leased = ask.answer.get(Math.max(1, until - System.nanoTime()), TimeUnit.NANOSECONDS);
      if (leased.tasks().isEmpty()) {
        notBefore.merge(
            name, asked + interval.toNanos(), (one, other) -> one - other > 0 ? one : other);
      } else {
        notBefore.remove(name);
      }
      return leased;
    } catch (TimeoutException e) {
      // What still comes is found by nobody: the poll gives it back.
      return ask.answer.complete(NOTHING) ? NOTHING : ask.answer.join();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** False when it is to ask later: the stop has come, or the asker's time is over first. */
  private boolean ready(long earliest, long until) throws InterruptedException {
    long start = earliest - busyUntil > 0 ? earliest : busyUntil;
    long wait = start - System.nanoTime();
    long most = until - System.nanoTime() - hold.plus(ANSWER).toNanos() - GATHER.toNanos();
    if (wait > 0 && stop.await(Math.min(wait, Math.max(1, most)), TimeUnit.NANOSECONDS)) {
      return false;
    }
    return stop.getCount() > 0 && wait <= most;
  }

  private void gather(Kind kind, Ask ask) {
    synchronized (gathering) {
      List<Ask> together = gathering.computeIfAbsent(kind, _ -> new ArrayList<>());
      together.add(ask);
      if (together.size() > 1) {
        return;
      }
    }
    Thread.ofVirtual()
        .name("poll")
        .start(() -> {
          try {
            Thread.sleep(GATHER);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          List<Ask> together;
          synchronized (gathering) {
            together = gathering.remove(kind);
          }
          if (together != null) {
            inGroups(
                together,
                kind == Kind.URGENT && hold.compareTo(URGENT_HOLD) > 0 ? URGENT_HOLD : toTheTick());
          }
        });
  }

  /** More lanes than the server takes in a poll are several polls, held side by side. */
  private void inGroups(List<Ask> asks, Duration wait) {
    for (int from = LeaseRequest.MAX_LANES; from < asks.size(); from += LeaseRequest.MAX_LANES) {
      List<Ask> group = asks.subList(from, Math.min(asks.size(), from + LeaseRequest.MAX_LANES));
      Thread.ofVirtual().name("poll").start(() -> poll(group, wait));
    }
    poll(asks.subList(0, Math.min(asks.size(), LeaseRequest.MAX_LANES)), wait);
  }

  /** Polls end together, at multiples of the hold. */
  private Duration toTheTick() {
    long tick = Math.max(1, hold.toMillis());
    return Duration.ofMillis(tick - TimeUnit.NANOSECONDS.toMillis(System.nanoTime()) % tick);
  }

  /** Answers all of them, whatever happens. */
  private void poll(List<Ask> asks, Duration wait) {
    List<Ask> left = new ArrayList<>(asks);
    synchronized (polling) {
      polling.add(Thread.currentThread());
    }
    try {
      while (!left.isEmpty() && stop.getCount() > 0 && !once(left, wait)) {
        // A lane that the server does not know has been taken out: the others ask again.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("polling failed", e);
    } finally {
      asks.forEach(ask -> ask.answer.complete(NOTHING));
      synchronized (polling) {
        polling.remove(Thread.currentThread());
        polling.notifyAll();
      }
    }
  }

  private boolean once(List<Ask> asks, Duration wait) throws InterruptedException {
    byte[] body =
        LeaseRequest.write(
            conversation.worker(),
            asks.stream().map(Ask::request).toList(),
            wait,
            conversation.introduction());
    Reply reply;
    try {
      reply = server.post("/v1/worker/lease", body, wait.plus(ANSWER));
      if (reply.status() == OK) {
        LeaseReply given = LeaseReply.read(reply.body(), conversation.worker());
        conversation.heard(given.terms());
        if (stop.getCount() > 0) {
          handOut(given, asks);
        } else {
          giveBack.accept(given.tasks());
        }
        return true;
      }
      if (reply.status() == NOT_FOUND && withoutUnknown(asks, reply)) {
        conversation.link().answered();
        return false;
      }
    } catch (IOException e) {
      conversation.link().lost(Conversation.reason(e));
      pause(conversation.link().pause());
      return true;
    }
    conversation.link().lost(Conversation.reason(reply));
    Duration pause = conversation.link().pause();
    Duration asked = reply.retryAfter();
    pause(asked.compareTo(pause) > 0 ? asked : pause);
    return true;
  }

  private void pause(Duration pause) {
    busyUntil = System.nanoTime() + pause.toNanos();
  }

  private boolean withoutUnknown(List<Ask> asks, Reply reply) throws IOException {
    ErrorReply error = ErrorReply.read(reply.body());
    Matcher param = LANE_AT_FAULT.matcher(error.param());
    if (!error.code().equals("lane_not_found") || !param.matches()) {
      return false;
    }
    int index = Integer.parseInt(param.group(1));
    if (index >= asks.size()) {
      return false;
    }
    Ask unknown = asks.remove(index);
    Lane lane = unknown.request.lane();
    for (Kind kind : Kind.values()) {
      Long before = notBefore.put(lane.name() + " " + kind, System.nanoTime() + UNKNOWN_LANE);
      if (before == null && kind == Kind.USUAL) {
        LOG.warn("lane {}: not known to {}", lane, server);
      }
    }
    unknown.answer.complete(NOTHING);
    return true;
  }

  private void handOut(LeaseReply given, List<Ask> asks) {
    Map<Lane, List<LeasedTask>> byLane = new HashMap<>();
    given
        .tasks()
        .forEach(task ->
            byLane.computeIfAbsent(task.task().spec().lane(), _ -> new ArrayList<>()).add(task));
    for (Ask ask : asks) {
      Lane lane = ask.request.lane();
      List<LeasedTask> tasks = byLane.getOrDefault(lane, List.of());
      if (ask.answer.complete(new Leased(tasks, given.suspects().contains(lane.name())))) {
        byLane.remove(lane);
      }
    }
    byLane.values().forEach(giveBack);
  }

  /** Asks for nothing more: what polls under way still bring goes back. Does not block. */
  void stop() {
    stop.countDown();
  }

  /** After the stop; false when there are still polls under way at the end of the wait. */
  boolean awaitEnd(Duration limit) throws InterruptedException {
    long until = System.nanoTime() + limit.toNanos();
    synchronized (polling) {
      while (!polling.isEmpty()) {
        long left = until - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(polling, left);
      }
      return true;
    }
  }

  /** Leaves the polls under way: the server gives to others what it has not sent yet. */
  void breakOff() {
    synchronized (polling) {
      polling.forEach(Thread::interrupt);
    }
  }
}
