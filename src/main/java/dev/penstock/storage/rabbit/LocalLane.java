package dev.penstock.storage.rabbit;

import dev.penstock.storage.Doorbell;
import dev.penstock.storage.Doorbell.Ear;
import dev.penstock.storage.TaskMessage;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the broker has delivered of one lane: the messages that wait here for a receiver, and those
 * a receiver has in flight. Bounded by the prefetch of each queue the lane has in the broker.
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
   * @param released whether a receiver has given it back
   * @param suspect whether that one found it to be a suspect's
   * @param whole all of it; null: there was no room to keep it
   */
  record Message(
      TaskId id,
      String owner,
      int priority,
      long age,
      long bytes,
      LaneConsumer from,
      long brokerTag,
      long arrived,
      boolean released,
      boolean suspect,
      byte @Nullable [] whole) {}

  /** Whole messages that are kept here, so many bytes at most. */
  static final long MOST_KEPT = 8 << 20;

  /** Over all lanes and connections: no delivery is ever mistaken for another. */
  private static final AtomicLong TAGS = new AtomicLong();

  private final Lane lane;
  private final Runnable whenWanting;
  private final Doorbell doorbell = new Doorbell();
  private final Object lock = new Object();
  private final FairOrder waiting = new FairOrder();
  private final Map<Long, Message> inFlight = new HashMap<>();
  private long kept;

  /** How many tasks receivers wait for, by the least urgent priority that they take. */
  private final int[] wanted = new int[Priority.MAX + 1];

  private final RecentCount taken = new RecentCount();

  /** Whether to say when somebody begins to wait. */
  private volatile boolean tells;

  private final AtomicInteger asking = new AtomicInteger();
  private volatile long lastAsked = System.nanoTime();
  private volatile boolean resting;
  private volatile boolean closed;

  /**
   * @param whenWanting runs when a receiver begins to wait, if it is to be told; does not block
   */
  LocalLane(Lane lane, Runnable whenWanting) {
    this.lane = lane;
    this.whenWanting = whenWanting;
  }

  Lane lane() {
    return lane;
  }

  /** Messages that are here: waiting or in flight. */
  int size() {
    synchronized (lock) {
      return waiting.size() + inFlight.size();
    }
  }

  void arrived(Message message) {
    synchronized (lock) {
      waiting.add(message);
      kept += message.whole() == null ? 0 : message.whole().length;
    }
    doorbell.ring(message.priority());
  }

  /** Nobody asks, and nobody has for so long: what waits here is of use to others. */
  boolean idle(Duration age) {
    return asking.get() == 0 && System.nanoTime() - lastAsked > age.toNanos();
  }

  /** What waits here goes back to the broker; what is in flight stays. */
  void rest() {
    resting = true;
    List<Message> left;
    synchronized (lock) {
      left = waiting.removeIf(_ -> true);
      left.forEach(this::forgotten);
    }
    left.forEach(message -> message.from().giveBack(message.brokerTag()));
  }

  /** Whether nobody has asked since the last {@link #rest}. */
  boolean rests() {
    return resting;
  }

  /** True once after a {@link #rest}: messages have to be asked for again. */
  boolean wakes() {
    boolean woken = resting;
    resting = false;
    return woken;
  }

  List<Delivery> receive(Room room, Duration wait) throws InterruptedException {
    asking.incrementAndGet();
    try {
      return await(room, wait);
    } finally {
      lastAsked = System.nanoTime();
      asking.decrementAndGet();
    }
  }

  private List<Delivery> await(Room room, Duration wait) throws InterruptedException {
    long end = System.nanoTime() + wait.toNanos();
    boolean waits = false;
    try (Ear ear = doorbell.listen(room.hears())) {
      while (!closed) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        List<Delivery> found = take(room);
        long left = end - System.nanoTime();
        if (!found.isEmpty() || left <= 0) {
          return found;
        }
        if (!waits) {
          waits = true;
          want(room, room.tasks());
          if (tells) {
            whenWanting.run();
          }
        }
        ear.await(room.within(left));
      }
    } finally {
      if (waits) {
        want(room, -room.tasks());
      }
    }
    return List.of();
  }

  private void want(Room room, int tasks) {
    synchronized (lock) {
      wanted[room.least().value()] += tasks;
    }
  }

  /** How many messages of that priority receivers wait for. */
  int wanted(int priority) {
    synchronized (lock) {
      int sum = 0;
      for (int least = Priority.MIN; least <= priority; least++) {
        sum += wanted[least];
      }
      return sum;
    }
  }

  /** About how many messages are taken within two seconds, going by the last ones. */
  int soon() {
    synchronized (lock) {
      return taken.recent(System.nanoTime());
    }
  }

  /** Whether to say from now on when a receiver begins to wait. */
  void tells(boolean telling) {
    tells = telling;
  }

  /**
   * What has waited here for so long, where more waits than is taken soon. What a receiver gave
   * back is not among it: that one will want it.
   */
  List<Message> stuck(Duration age) {
    long now = System.nanoTime();
    synchronized (lock) {
      List<Message> idle = waiting.all(message -> !message.released());
      return idle.size() <= taken.recent(now)
          ? List.of()
          : idle.stream().filter(old(now - age.toNanos())).toList();
    }
  }

  /** Gives waiting messages back to the broker, but for those a receiver gave back. */
  List<Message> giveBack(Predicate<Message> which) {
    List<Message> left;
    synchronized (lock) {
      left = waiting.removeIf(message -> !message.released() && which.test(message));
      left.forEach(this::forgotten);
    }
    left.forEach(message -> message.from().giveBack(message.brokerTag()));
    return left;
  }

  private List<Delivery> take(Room room) {
    List<Delivery> found = new ArrayList<>();
    long bytes = 0;
    int suspects = 0;
    synchronized (lock) {
      while (found.size() < room.tasks()) {
        // It would be given back again, and again, by who has no room for suspects.
        boolean noMoreSuspects = suspects >= room.suspects();
        Message message =
            waiting.next(
                room.least().value(),
                it ->
                    room.takes(it.owner())
                        && (it.suspect() ? !noMoreSuspects : !room.suspectsOnly()));
        if (message == null || (!found.isEmpty() && bytes + message.bytes() > room.bytes())) {
          break;
        }
        waiting.take(message);
        var delivery = new Delivery(message.id(), lane, TAGS.incrementAndGet());
        inFlight.put(delivery.tag(), message);
        found.add(delivery);
        bytes += message.bytes();
        suspects += message.suspect() ? 1 : 0;
      }
      taken.add(found.size(), System.nanoTime());
    }
    return found;
  }

  /** The message, when there is room to keep it beside the others; else null. */
  byte @Nullable [] keeps(byte[] message) {
    synchronized (lock) {
      if (kept > 0 && kept + message.length > MOST_KEPT) {
        return null;
      }
      return message;
    }
  }

  /**
   * The task of a message in flight. Empty: it is not here any more. When it was not kept, it goes
   * back to the broker: it comes again when others have made room.
   */
  Optional<TaskSpec> whole(Delivery delivery) {
    Message message;
    synchronized (lock) {
      message = inFlight.get(delivery.tag());
      if (message == null) {
        return Optional.empty();
      }
      if (message.whole() == null) {
        forgotten(inFlight.remove(delivery.tag()));
      }
    }
    if (message.whole() == null) {
      message.from().giveBack(message.brokerTag());
      return Optional.empty();
    }
    return Optional.of(TaskMessage.decode(message.whole()));
  }

  /** Holding the lock. */
  private @Nullable Message forgotten(@Nullable Message message) {
    if (message != null && message.whole() != null) {
      kept -= message.whole().length;
    }
    return message;
  }

  /** Forgets a message in flight and returns it; null when it is not in flight. */
  @Nullable Message drop(Delivery delivery) {
    synchronized (lock) {
      return forgotten(inFlight.remove(delivery.tag()));
    }
  }

  /**
   * Lets a message in flight wait again, where it stood. False: it is not in flight.
   *
   * @param suspect whether it is found to be a suspect's
   */
  boolean release(Delivery delivery, boolean suspect) {
    Message message;
    synchronized (lock) {
      message = inFlight.remove(delivery.tag());
      if (message == null) {
        return false;
      }
      waiting.add(
          new Message(
              message.id(),
              message.owner(),
              message.priority(),
              message.age(),
              message.bytes(),
              message.from(),
              message.brokerTag(),
              message.arrived(),
              true,
              suspect || message.suspect(),
              message.whole()));
    }
    doorbell.ring(message.priority());
    return true;
  }

  /** Forgets all that a consumer delivered: the broker delivers it again. */
  void forget(LaneConsumer from) {
    synchronized (lock) {
      removeIf(message -> message.from() == from);
    }
  }

  /**
   * Parts with the messages that are here for longer than {@code age}: those in flight are done as
   * far as the broker is concerned, those that wait go back to it.
   */
  void part(Duration age) {
    long before = System.nanoTime() - age.toNanos();
    List<Message> handedOut = new ArrayList<>();
    List<Message> left;
    synchronized (lock) {
      inFlight.values().stream().filter(old(before)).forEach(handedOut::add);
      left = removeIf(old(before));
    }
    handedOut.forEach(message -> message.from().ack(message.brokerTag()));
    left.forEach(message -> message.from().giveBack(message.brokerTag()));
  }

  /** Returns those that waited. Holding the lock. */
  private List<Message> removeIf(Predicate<Message> which) {
    inFlight.values().stream().filter(which).forEach(this::forgotten);
    inFlight.values().removeIf(which);
    List<Message> waited = waiting.removeIf(which);
    waited.forEach(this::forgotten);
    return waited;
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
