package dev.penstock.storage.rabbit;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import dev.penstock.storage.TaskMessage;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What consumes a lane on one connection: all its queues, over one channel. Each queue has a
 * prefetch of its own, so that a full one holds up no other. Acknowledgements travel in groups:
 * while one group is written the next gathers. It lives as long as its connection.
 *
 * <p>A queue whose messages only wait here while other nodes may want them is left to those, its
 * messages too. From then on it is consumed when a receiver waits for such messages, and gives no
 * more of them than receivers wait for and were taken lately.
 */
final class LaneConsumer {
  private static final Logger LOG = LoggerFactory.getLogger(LaneConsumer.class);
  private static final long LAST_ACKS_MILLIS = 1_000;

  /** What waits for so long is not about to be taken. */
  private static final Duration WAITED = Duration.ofSeconds(1);

  private static final AtomicLong ARRIVALS = new AtomicLong();

  private sealed interface Answer {
    record Ack(long tag) implements Answer {}

    record GiveBack(long tag) implements Answer {}

    record Reject(long tag) implements Answer {}

    record Stop() implements Answer {}
  }

  private final Channel channel;

  /** Held while subscriptions come and go. */
  private final ReentrantLock changing = new ReentrantLock();

  private final LocalLane lane;
  private final Consumer<String> whenLost;
  private final TreeMap<Long, Subscription> unanswered = new TreeMap<>();
  private final ConcurrentMap<String, Subscription> subscriptions = new ConcurrentHashMap<>();

  /** The queues that were left to other nodes, and the most urgent of what waited then. */
  private final ConcurrentMap<String, Integer> left = new ConcurrentHashMap<>();

  // At most one answer for each message within the prefetch.
  private final LinkedBlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final Thread answering;

  /** Of the thread that consumes. */
  private String lookedAfter = "";

  /**
   * One queue that is consumed. The broker names each anew: acknowledgements of an earlier one's
   * messages would make room for more than this one's prefetch.
   */
  final class Subscription extends DefaultConsumer {
    private final String route;
    private final int prefetch;
    private final AtomicInteger here = new AtomicInteger();
    private volatile long lastDelivery = System.nanoTime();
    private volatile boolean cancelled;

    /** Its name at the broker, once it has one. */
    private String name = "";

    private Subscription(String route, int prefetch) {
      super(channel);
      this.route = route;
      this.prefetch = prefetch;
    }

    @Override
    public void handleDelivery(
        String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
      lastDelivery = System.nanoTime();
      here.incrementAndGet();
      delivered(this, envelope.getDeliveryTag(), body);
    }

    @Override
    public void handleCancel(String tag) {
      whenLost.accept("the broker cancelled the consumer of lane " + lane.lane());
    }

    @Override
    public void handleShutdownSignal(String tag, ShutdownSignalException signal) {
      whenLost.accept(RabbitLink.reason(signal));
    }

    private boolean full() {
      return here.get() >= prefetch;
    }

    private void cancel() throws IOException {
      cancelled = true;
      channel.basicCancel(name);
    }

    String route() {
      return route;
    }

    /** Whether messages could come, for all that is here, and none has for so long. */
    boolean silent(long seconds) {
      return here.get() < prefetch
          && System.nanoTime() - lastDelivery > TimeUnit.SECONDS.toNanos(seconds);
    }

    /** The broker has none for it: it may be silent for as long again. */
    void excused() {
      lastDelivery = System.nanoTime();
    }
  }

  private LaneConsumer(Channel channel, LocalLane lane, Consumer<String> whenLost) {
    this.channel = channel;
    this.lane = lane;
    this.whenLost = whenLost;
    answering = Thread.ofVirtual().name("rabbitmq-acks " + lane.lane()).unstarted(this::answer);
  }

  static LaneConsumer start(Channel channel, LocalLane lane, Consumer<String> whenLost) {
    var consumer = new LaneConsumer(channel, lane, whenLost);
    consumer.answering.start();
    return consumer;
  }

  /** Whether it is seen to that the queue's messages come, now or when there is room for them. */
  boolean consumes(String route) {
    return reads(route) || left.containsKey(route);
  }

  private boolean reads(String route) {
    Subscription subscription = subscriptions.get(route);
    return subscription != null && !subscription.cancelled;
  }

  /** Whether the queue is to be consumed now, or with more at a time than it is. */
  boolean wants(String route) {
    Integer waited = left.get(route);
    if (waited == null) {
      return !reads(route);
    }
    Subscription subscription = subscriptions.get(route);
    boolean enough = subscription != null && !subscription.cancelled && !subscription.full();
    return !enough && lane.wanted(waited) > 0;
  }

  List<Subscription> subscriptions() {
    return subscriptions.values().stream().filter(one -> !one.cancelled).toList();
  }

  /**
   * No more messages for now: those that wait go back. Called by the thread that consumes. A few
   * may still be on their way; the next call gives them back.
   */
  void rest() throws IOException {
    changing.lock();
    try {
      for (Subscription subscription : subscriptions()) {
        subscription.cancel();
      }
      left.clear();
      lane.tells(false);
      lane.rest();
    } finally {
      changing.unlock();
    }
  }

  /**
   * The queue's messages go into the lane from now on. Called by the thread that consumes.
   *
   * @param prefetch at most so many; fewer where the queue was left to other nodes
   */
  void consume(String route, int prefetch) throws IOException {
    changing.lock();
    try {
      Integer waited = left.get(route);
      if (waited == null) {
        subscribe(route, prefetch);
      } else {
        int share = (lane.wanted(waited) + lane.soon()) / left.size();
        int most = prefetch - unanswered(route);
        if (most > 0) { // Else there is room when some are answered.
          resubscribe(route, Math.clamp(share, 1, most));
        }
      }
    } finally {
      changing.unlock();
    }
  }

  /** The same, by any thread; left undone where the lane rests or is about to. */
  void consumeUnlessResting(String route, int prefetch) throws IOException {
    if (changing.tryLock()) {
      try {
        if (!lane.rests() && !left.containsKey(route)) {
          subscribe(route, prefetch);
        }
      } finally {
        changing.unlock();
      }
    }
  }

  private int unanswered(String route) {
    synchronized (unanswered) {
      return (int) unanswered.values().stream().filter(it -> it.route.equals(route)).count();
    }
  }

  private void subscribe(String route, int prefetch) throws IOException {
    if (!reads(route)) { // Else another thread was first.
      resubscribe(route, prefetch);
    }
  }

  private void resubscribe(String route, int prefetch) throws IOException {
    Subscription before = subscriptions.get(route);
    if (before != null && !before.cancelled) {
      before.cancel();
    }
    var subscription = new Subscription(route, prefetch);
    subscriptions.put(route, subscription);
    boolean done = false;
    try {
      channel.basicQos(prefetch); // Of the consumers that follow, each for itself.
      subscription.name = channel.basicConsume(RabbitLink.queue(route), false, subscription);
      done = true;
    } finally {
      subscription.cancelled = !done;
    }
  }

  // --- leaving messages to other nodes

  /** The queues of which messages only wait here, and those that are left to others. */
  List<String> toLookAt() {
    Set<String> routes = new HashSet<>();
    left.keySet().stream().filter(route -> !reads(route)).forEach(routes::add);
    for (LocalLane.Message message : lane.stuck(WAITED)) {
      String route = route(message);
      if (route != null) {
        routes.add(route);
      }
    }
    return new ArrayList<>(routes);
  }

  /** The queue that a message came from; null: it is answered, or came over another connection. */
  private @Nullable String route(LocalLane.Message message) {
    if (message.from() != this) {
      return null;
    }
    synchronized (unanswered) {
      Subscription subscription = unanswered.get(message.brokerTag());
      return subscription == null ? null : subscription.route;
    }
  }

  /**
   * Leaves a queue to others where one of them may want its messages: there is somebody else who
   * consumes it, and nothing waits in the broker, as it would if all of them had enough. One that
   * nobody else consumes any more is ours again.
   */
  void looked(String route, int waiting, int consumers) throws IOException {
    changing.lock();
    try {
      if (reads(route)) {
        if (waiting == 0 && consumers > 1) {
          leave(route);
        }
      } else if (consumers == 0) {
        left.remove(route);
        lane.tells(!left.isEmpty());
      } else {
        giveBack(route); // What was still on its way.
      }
    } finally {
      changing.unlock();
    }
  }

  private void leave(String route) throws IOException {
    Subscription subscription = subscriptions.get(route);
    if (subscription != null) {
      subscription.cancel();
    }
    List<LocalLane.Message> given = giveBack(route);
    int urgent = given.stream().mapToInt(LocalLane.Message::priority).max().orElse(Priority.MAX);
    left.put(route, urgent);
    lane.tells(true);
    LOG.debug("{} messages of {} are left to other nodes", given.size(), route);
  }

  private List<LocalLane.Message> giveBack(String route) {
    return lane.giveBack(message -> route.equals(route(message)));
  }

  /** Those not looked after for longest first, behind the owner that most installations have. */
  List<String> inTurn(Set<String> owners) {
    return inTurn(owners, lookedAfter);
  }

  static List<String> inTurn(Set<String> owners, String last) {
    var sorted = new TreeSet<>(owners);
    sorted.remove(RoutingKeys.DEFAULT);
    List<String> turn = new ArrayList<>(owners.size());
    if (owners.contains(RoutingKeys.DEFAULT)) {
      turn.add(RoutingKeys.DEFAULT);
    }
    turn.addAll(sorted.tailSet(last, false));
    turn.addAll(sorted.headSet(last, true));
    return turn;
  }

  void lookedAfter(String owner) {
    if (!owner.equals(RoutingKeys.DEFAULT)) {
      lookedAfter = owner;
    }
  }

  LocalLane lane() {
    return lane;
  }

  private void delivered(Subscription subscription, long tag, byte[] body) {
    synchronized (unanswered) {
      unanswered.put(tag, subscription);
    }
    TaskSpec task;
    try {
      task = TaskMessage.decode(body);
    } catch (IllegalArgumentException e) {
      LOG.error("rejected a message of lane {} that is no task: {}", lane.lane(), e.getMessage());
      answers.add(new Answer.Reject(tag));
      return;
    }
    // The input is kept as far as there is room: the store has it, unless it was emptied.
    lane.arrived(
        new LocalLane.Message(
            task.id(),
            task.owner(),
            task.priority().value(),
            ARRIVALS.incrementAndGet(),
            task.input().length,
            this,
            tag,
            System.nanoTime(),
            false,
            false,
            lane.keeps(body)));
  }

  void ack(long tag) {
    answers.add(new Answer.Ack(tag));
  }

  /** The broker is to deliver it again. */
  void giveBack(long tag) {
    answers.add(new Answer.GiveBack(tag));
  }

  /** Sends the answers that are due, with a limit; what was not answered comes again. */
  void stop() {
    answers.add(new Answer.Stop());
    try {
      answering.join(LAST_ACKS_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    answering.interrupt();
  }

  private void answer() {
    try {
      boolean going = true;
      while (going) {
        List<Answer> group = new ArrayList<>();
        group.add(answers.take());
        answers.drainTo(group);
        going = answer(group);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | ShutdownSignalException e) {
      // The channel is gone, and with it every delivery: there is nothing left to answer.
      LOG.debug("lane {}: acknowledgements were lost: {}", lane.lane(), e.toString());
    }
  }

  /** False when it is to stop. */
  private boolean answer(List<Answer> group) throws IOException {
    TreeSet<Long> acks = new TreeSet<>();
    boolean going = true;
    for (Answer answer : group) {
      switch (answer) {
        case Answer.Ack(long tag) -> acks.add(tag);
        case Answer.GiveBack(long tag) -> {
          if (answered(tag)) {
            channel.basicNack(tag, false, true);
          }
        }
        case Answer.Reject(long tag) -> {
          if (answered(tag)) {
            channel.basicReject(tag, false);
          }
        }
        case Answer.Stop _ -> going = false;
      }
    }
    acks.removeIf(tag -> !answered(tag));
    long oldest;
    synchronized (unanswered) {
      oldest = unanswered.isEmpty() ? Long.MAX_VALUE : unanswered.firstKey();
    }
    Long upTo = acks.lower(oldest);
    if (upTo != null) {
      channel.basicAck(upTo, true);
    }
    for (long tag : acks.tailSet(oldest)) {
      channel.basicAck(tag, false);
    }
    return going;
  }

  /** False when it had been answered before, which the broker would take for a crime. */
  private boolean answered(long tag) {
    Subscription subscription;
    synchronized (unanswered) {
      subscription = unanswered.remove(tag);
    }
    if (subscription != null) {
      subscription.here.decrementAndGet();
    }
    return subscription != null;
  }
}
