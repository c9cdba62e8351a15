package dev.penstock.engine.llama;

import dev.penstock.task.Priority;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who gets a slot next: the most urgent text, of these one of the owner who has waited longest for
 * a turn, of these the first. For use by many threads.
 */
final class SlotTurns implements AutoCloseable {
  private static final int MOST_OWNERS = 1_000;

  /** Guarded by this, as all below. */
  private int free;

  private boolean closed;
  private long turns;
  private long tickets;
  private final List<Ticket> waiting = new ArrayList<>();

  /** When each owner had its last turn. */
  private final Map<String, Long> lastTurns =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MOST_OWNERS;
        }
      };

  SlotTurns(int slots) {
    free = slots;
  }

  /** Hears of a slot. Called by whoever gives one back: must not block. */
  interface Taker {
    void granted();

    /** There will be none. */
    void refused();
  }

  /** A text's place among those who wait, and its slot afterwards. */
  final class Ticket {
    private final String owner;
    private final Priority priority;
    private final int tokens;
    private final Taker taker;
    private final long number;
    private boolean granted;
    private boolean done;

    private Ticket(String owner, Priority priority, int tokens, Taker taker, long number) {
      this.owner = owner;
      this.priority = priority;
      this.tokens = tokens;
      this.taker = taker;
      this.number = number;
    }

    /** Gives the slot back, or waits for none any more. Again: does nothing. */
    void release() {
      synchronized (SlotTurns.this) {
        if (!done) {
          done = true;
          waiting.remove(this);
          free += granted ? 1 : 0;
        }
      }
      grant();
    }
  }

  /**
   * Asks for a slot.
   *
   * @param tokens of the prompt
   * @param taker told at once, where one is free
   */
  Ticket ask(String owner, Priority priority, int tokens, Taker taker) {
    Ticket ticket;
    synchronized (this) {
      ticket = new Ticket(owner, priority, tokens, taker, ++tickets);
      waiting.add(ticket);
    }
    grant();
    return ticket;
  }

  private void grant() {
    List<Ticket> granted = new ArrayList<>();
    List<Ticket> refused = new ArrayList<>();
    synchronized (this) {
      if (closed) {
        refused.addAll(waiting);
        waiting.clear();
      }
      while (free > 0 && !waiting.isEmpty()) {
        Ticket next = next();
        waiting.remove(next);
        next.granted = true;
        free--;
        lastTurns.put(next.owner, ++turns);
        granted.add(next);
      }
    }
    granted.forEach(each -> each.taker.granted());
    refused.forEach(each -> each.taker.refused());
  }

  private Ticket next() {
    return waiting.stream()
        .min(
            Comparator.<Ticket, Priority>comparing(each -> each.priority)
                .reversed()
                .thenComparingLong(each -> lastTurns.getOrDefault(each.owner, 0L))
                .thenComparingLong(each -> each.number))
        .orElseThrow();
  }

  /** Tokens of the prompts that wait. */
  synchronized long waitingTokens() {
    return waiting.stream().mapToLong(each -> each.tokens).sum();
  }

  /** Whoever waits, or will, gets none. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    grant();
  }
}
