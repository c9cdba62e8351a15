package dev.penstock.storage.rabbit;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import dev.penstock.storage.TaskMessage;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.util.ArrayList;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What consumes a lane on one connection: all its queues, over one channel. Each queue has a
 * prefetch of its own, so that a full one holds up no other. Acknowledgements travel in groups:
 * while one group is written the next gathers. It lives as long as its connection.
 */
final class LaneConsumer extends DefaultConsumer {
  private static final Logger LOG = LoggerFactory.getLogger(LaneConsumer.class);
  private static final long LAST_ACKS_MILLIS = 1_000;

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
  // At most one answer for each message within the prefetch.
  private final LinkedBlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final Thread answering;

  /** Of the thread that consumes. */
  private String lookedAfter = "";

  /** One queue that is consumed. */
  static final class Subscription {
    private final String route;
    private final int prefetch;
    private final AtomicInteger here = new AtomicInteger();
    private volatile long lastDelivery = System.nanoTime();
    private volatile boolean cancelled;

    private Subscription(String route, int prefetch) {
      this.route = route;
      this.prefetch = prefetch;
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
    super(channel);
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

  boolean consumes(String route) {
    Subscription subscription = subscriptions.get(route);
    return subscription != null && !subscription.cancelled;
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
        subscription.cancelled = true;
        channel.basicCancel(subscription.route);
      }
      lane.rest();
    } finally {
      changing.unlock();
    }
  }

  /** The queue's messages go into the lane from now on. Called by the thread that consumes. */
  void consume(String route, int prefetch) throws IOException {
    changing.lock();
    try {
      subscribe(route, prefetch);
    } finally {
      changing.unlock();
    }
  }

  /** The same, by any thread; left undone where the lane rests or is about to. */
  void consumeUnlessResting(String route, int prefetch) throws IOException {
    if (changing.tryLock()) {
      try {
        if (!lane.rests()) {
          subscribe(route, prefetch);
        }
      } finally {
        changing.unlock();
      }
    }
  }

  private void subscribe(String route, int prefetch) throws IOException {
    if (consumes(route)) {
      return; // Another thread was first.
    }
    var subscription = new Subscription(route, prefetch);
    subscriptions.put(route, subscription);
    boolean done = false;
    try {
      channel.basicQos(prefetch); // Of the consumers that follow, each for itself.
      // The route is the consumer's name too: so a delivery says which queue it is of.
      channel.basicConsume(RabbitLink.queue(route), false, route, this);
      done = true;
    } finally {
      subscription.cancelled = !done;
    }
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

  @Override
  public void handleDelivery(
      String consumerTag, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
      throws IOException {
    long now = System.nanoTime();
    long tag = envelope.getDeliveryTag();
    Subscription subscription = subscriptions.get(consumerTag);
    if (subscription == null) {
      throw new IllegalStateException("nobody asked for " + consumerTag);
    }
    subscription.lastDelivery = now;
    subscription.here.incrementAndGet();
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
            now,
            false,
            lane.keeps(body)));
  }

  @Override
  public void handleCancel(String consumerTag) {
    whenLost.accept("the broker cancelled the consumer of lane " + lane.lane());
  }

  @Override
  public void handleShutdownSignal(String consumerTag, ShutdownSignalException signal) {
    whenLost.accept(RabbitLink.reason(signal));
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
