package dev.penstock.queue;

import dev.penstock.queue.Doorbell.Ear;
import dev.penstock.queue.TaskQueue.Delivery;
import dev.penstock.queue.TaskQueue.Room;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the broker has delivered of one lane: the messages that wait here for a receiver, and those
 * a receiver has in hand. Bounded by the prefetch of the lane's consumer.
 */
final class LocalLane {

  /**
   * One message. Each time it is handed out it is another delivery: who gave it back cannot answer
   * for it any more.
   *
   * @param age counts up as messages come
   * @param bytes of the task's input
   * @param from who delivered it and takes its acknowledgement
   * @param brokerTag its number there
   * @param arrived when it came, by {@link System#nanoTime}
   * @param released whether a receiver has given it back: it may be a suspect's
   */
  record Message(
      TaskId id,
      int priority,
      long age,
      long bytes,
      LaneConsumer from,
      long brokerTag,
      long arrived,
      boolean released) {}

  /** Over all lanes and connections: no delivery is ever mistaken for another. */
  private static final AtomicLong TAGS = new AtomicLong();

  private static final Comparator<Message> MOST_URGENT_FIRST =
      Comparator.comparingInt(Message::priority).reversed().thenComparingLong(Message::age);

  private final Lane lane;
  private final Doorbell doorbell = new Doorbell();
  private final Object lock = new Object();
  private final TreeSet<Message> waiting = new TreeSet<>(MOST_URGENT_FIRST);
  private final Map<Long, Message> inHand = new HashMap<>();
  private volatile boolean closed;

  LocalLane(Lane lane) {
    this.lane = lane;
  }

  Lane lane() {
    return lane;
  }

  /** Messages that are here: waiting or in hand. */
  int size() {
    synchronized (lock) {
      return waiting.size() + inHand.size();
    }
  }

  void arrived(Message message) {
    synchronized (lock) {
      waiting.add(message);
    }
    doorbell.ring(message.priority());
  }

  List<Delivery> receive(Room room, Duration wait) throws InterruptedException {
    long end = System.nanoTime() + wait.toNanos();
    try (Ear ear = doorbell.listen(room.least().value())) {
      while (!closed) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        List<Delivery> taken = take(room);
        long left = end - System.nanoTime();
        if (!taken.isEmpty() || left <= 0) {
          return taken;
        }
        ear.await(left);
      }
    }
    return List.of();
  }

  private List<Delivery> take(Room room) {
    List<Delivery> taken = new ArrayList<>();
    long bytes = 0;
    int suspects = 0;
    synchronized (lock) {
      Iterator<Message> next = waiting.iterator();
      while (taken.size() < room.tasks() && next.hasNext()) {
        Message message = next.next();
        if (message.priority() < room.least().value()) {
          break;
        }
        // What was given back would be given back again, and again, by who leaves suspects alone.
        if (message.released() && suspects >= room.suspects()) {
          continue;
        }
        if (!taken.isEmpty() && bytes + message.bytes() > room.bytes()) {
          break;
        }
        next.remove();
        var delivery = new Delivery(message.id(), lane, TAGS.incrementAndGet());
        inHand.put(delivery.tag(), message);
        taken.add(delivery);
        bytes += message.bytes();
        suspects += message.released() ? 1 : 0;
      }
    }
    return taken;
  }

  /** Forgets a message in hand and returns it; null when it is not in hand. */
  @Nullable Message drop(Delivery delivery) {
    synchronized (lock) {
      return inHand.remove(delivery.tag());
    }
  }

  /** Lets a message in hand wait again, where it stood. False: it is not in hand. */
  boolean release(Delivery delivery) {
    Message message;
    synchronized (lock) {
      message = inHand.remove(delivery.tag());
      if (message == null) {
        return false;
      }
      waiting.add(
          new Message(
              message.id(),
              message.priority(),
              message.age(),
              message.bytes(),
              message.from(),
              message.brokerTag(),
              message.arrived(),
              true));
    }
    doorbell.ring(message.priority());
    return true;
  }

  /** Forgets all that a consumer delivered: the broker delivers it again. */
  void forget(LaneConsumer from) {
    synchronized (lock) {
      waiting.removeIf(message -> message.from() == from);
      inHand.values().removeIf(message -> message.from() == from);
    }
  }

  /** How many messages of a consumer are here. */
  int held(LaneConsumer from) {
    synchronized (lock) {
      return Math.toIntExact(
          waiting.stream().filter(message -> message.from() == from).count()
              + inHand.values().stream().filter(message -> message.from() == from).count());
    }
  }

  /**
   * Parts with the messages that are here for longer than {@code age}: those in hand are done as
   * far as the broker is concerned, those that wait go back to it.
   */
  void part(Duration age) {
    long before = System.nanoTime() - age.toNanos();
    List<Message> handedOut = new ArrayList<>();
    List<Message> left = new ArrayList<>();
    synchronized (lock) {
      inHand.values().stream().filter(old(before)).forEach(handedOut::add);
      waiting.stream().filter(old(before)).forEach(left::add);
      inHand.values().removeIf(old(before));
      waiting.removeIf(old(before));
    }
    handedOut.forEach(message -> message.from().ack(message.brokerTag()));
    left.forEach(message -> message.from().giveBack(message.brokerTag()));
  }

  private static Predicate<Message> old(long before) {
    return message -> message.arrived() - before < 0;
  }

  /** Wakes the receivers, who find nothing. */
  void close() {
    closed = true;
    doorbell.ringAll();
  }
}
