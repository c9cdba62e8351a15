package dev.penstock.storage.rabbit;

import dev.penstock.storage.rabbit.LocalLane.Message;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one lane that wait: the most urgent first, among equals the owners in turns, each
 * with its oldest first. An owner that has run out for a moment and comes back stands where it
 * stood: what is on its way from the broker does not cost it turns, and it gains none for waiting.
 * Not safe for several threads.
 */
final class FairOrder {
  private static final Comparator<Message> OLDEST_FIRST = Comparator.comparingLong(Message::age);

  private final TreeMap<Integer, Band> bands = new TreeMap<>(Comparator.reverseOrder());

  /** One owner's messages of one priority. */
  private static final class Queue {
    private final String owner;
    private final TreeSet<Message> messages = new TreeSet<>(OLDEST_FIRST);

    /** How many turns it has had, or would have had if it had always been there. */
    private long turns;

    private long since;

    private Queue(String owner, long turns, long since) {
      this.owner = owner;
      this.turns = turns;
      this.since = since;
    }
  }

  /** All messages of one priority. */
  private static final class Band {
    private final TreeSet<Queue> order =
        new TreeSet<>(
            Comparator.<Queue>comparingLong(queue -> queue.turns)
                .thenComparingLong(queue -> queue.since));
    private final Map<String, Queue> queues = new HashMap<>();

    /** The turns of owners that ran out and are ahead of the others. */
    private final Map<String, Long> gone = new HashMap<>();

    private long now;
    private long moves;

    void add(Message message) {
      Queue queue = queues.get(message.owner());
      if (queue == null) {
        Long before = gone.remove(message.owner());
        queue = new Queue(message.owner(), before == null ? now : Math.max(now, before), moves++);
        queues.put(queue.owner, queue);
        order.add(queue);
      }
      queue.messages.add(message);
    }

    @Nullable Message next(Predicate<Message> eligible) {
      for (Queue queue : order) {
        for (Message message : queue.messages) {
          if (eligible.test(message)) {
            return message;
          }
        }
      }
      return null;
    }

    void take(Message message) {
      Queue queue = queues.get(message.owner());
      if (queue == null || !queue.messages.remove(message)) {
        throw new IllegalStateException("it does not wait");
      }
      order.remove(queue);
      now = Math.max(now, queue.turns);
      queue.turns++;
      queue.since = moves++;
      if (queue.messages.isEmpty()) {
        leave(queue);
      } else {
        order.add(queue);
      }
    }

    private void leave(Queue queue) {
      queues.remove(queue.owner);
      gone.values().removeIf(turns -> turns <= now);
      if (queue.turns > now) {
        gone.put(queue.owner, queue.turns);
      }
    }

    void removeIf(Predicate<Message> unwanted, List<Message> removed) {
      for (Iterator<Queue> all = order.iterator(); all.hasNext(); ) {
        Queue queue = all.next();
        queue.messages.stream().filter(unwanted).forEach(removed::add);
        queue.messages.removeIf(unwanted);
        if (queue.messages.isEmpty()) {
          all.remove();
          leave(queue);
        }
      }
    }
  }

  private int size;

  int size() {
    return size;
  }

  void add(Message message) {
    bands.computeIfAbsent(message.priority(), _ -> new Band()).add(message);
    size++;
  }

  /** The message whose turn it is among those that are eligible; null: there is none. */
  @Nullable Message next(int least, Predicate<Message> eligible) {
    for (Map.Entry<Integer, Band> band : bands.entrySet()) {
      if (band.getKey() < least) {
        return null;
      }
      Message next = band.getValue().next(eligible);
      if (next != null) {
        return next;
      }
    }
    return null;
  }

  /** Takes a message out: its owner has had a turn. */
  void take(Message message) {
    Band band = bands.get(message.priority());
    if (band == null) {
      throw new IllegalStateException("it does not wait");
    }
    band.take(message);
    size--;
  }

  /** Those messages, in no particular order. */
  List<Message> all(Predicate<Message> wanted) {
    List<Message> all = new ArrayList<>();
    for (Band band : bands.values()) {
      for (Queue queue : band.order) {
        queue.messages.stream().filter(wanted).forEach(all::add);
      }
    }
    return all;
  }

  /** Removes messages without anybody's turn, and returns them. */
  List<Message> removeIf(Predicate<Message> unwanted) {
    List<Message> removed = new ArrayList<>();
    bands.values().forEach(band -> band.removeIf(unwanted, removed));
    size -= removed.size();
    return removed;
  }
}
