package dev.penstock.queue;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One lane's consumer on one connection, with a channel of its own. Acknowledgements travel in
 * groups: while one group is written the next gathers. It lives as long as its connection.
 */
final class LaneConsumer extends DefaultConsumer {
  private static final Logger LOG = LoggerFactory.getLogger(LaneConsumer.class);
  private static final long LAST_ACKS_MILLIS = 1_000;

  private static final AtomicLong ARRIVALS = new AtomicLong();

  private sealed interface Answer {
    record Ack(long tag) implements Answer {}

    record GiveBack(long tag) implements Answer {}

    record Stop() implements Answer {}
  }

  private final Channel channel;
  private final LocalLane lane;
  private final Consumer<String> whenLost;
  private final TreeSet<Long> unanswered = new TreeSet<>();
  // At most one answer for each message within the prefetch.
  private final LinkedBlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final Thread answering;
  private volatile long lastDelivery = System.nanoTime();

  private LaneConsumer(Channel channel, LocalLane lane, Consumer<String> whenLost) {
    super(channel);
    this.channel = channel;
    this.lane = lane;
    this.whenLost = whenLost;
    answering = Thread.ofVirtual().name("rabbitmq-acks " + lane.lane()).unstarted(this::answer);
  }

  /** Messages go into the lane from now on. */
  static LaneConsumer start(
      Channel channel, LocalLane lane, String queue, int prefetch, Consumer<String> whenLost)
      throws IOException {
    var consumer = new LaneConsumer(channel, lane, whenLost);
    channel.basicQos(prefetch);
    consumer.answering.start();
    channel.basicConsume(queue, false, consumer);
    return consumer;
  }

  LocalLane lane() {
    return lane;
  }

  /** When the last message came, by {@link System#nanoTime}. */
  long lastDelivery() {
    return lastDelivery;
  }

  @Override
  public void handleDelivery(
      String consumerTag, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
      throws IOException {
    long now = System.nanoTime();
    lastDelivery = now;
    long tag = envelope.getDeliveryTag();
    synchronized (unanswered) {
      unanswered.add(tag);
    }
    TaskSpec task;
    try {
      task = TaskMessage.decode(body);
    } catch (IllegalArgumentException e) {
      LOG.error("dropped a message of lane {} that is no task: {}", lane.lane(), e.getMessage());
      ack(tag);
      return;
    }
    // The input stays behind: the store has it, and this many inputs would not fit into memory.
    lane.arrived(
        new LocalLane.Message(
            task.id(),
            task.priority().value(),
            ARRIVALS.incrementAndGet(),
            task.input().length,
            this,
            tag,
            now,
            false));
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
        case Answer.Stop _ -> going = false;
      }
    }
    acks.removeIf(tag -> !answered(tag));
    long oldest;
    synchronized (unanswered) {
      oldest = unanswered.isEmpty() ? Long.MAX_VALUE : unanswered.first();
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
    synchronized (unanswered) {
      return unanswered.remove(tag);
    }
  }

  /** Whether messages could come, for all that is here, and none has for so long. */
  boolean silent(int prefetch, long seconds) {
    return lane.held(this) < prefetch
        && System.nanoTime() - lastDelivery > TimeUnit.SECONDS.toNanos(seconds);
  }
}
