package dev.penstock.engine;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.task.Priority;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The lists of texts that wait for their tokens, and whose turn it is. Owners share the threads by
 * the characters that are tokenised for them; among an owner's lists the more urgent ones go first,
 * then those that came first. A turn takes some milliseconds, so a long list, or a long text, holds
 * nobody up.
 */
final class TokenizerTurns {
  /** What a turn may cost before the next one has its turn. */
  private static final int TURN_CHARS = 1 << 15;

  private static final int PORTION_TEXTS = 32;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final int most;
  private final Map<String, Owner> owners = new HashMap<>();
  private final Set<Waiting> lists = new LinkedHashSet<>();

  /** What the owner has had whose turn was the last one. */
  private long served;

  private long arrivals;
  private boolean closed;

  /**
   * @param most so many lists may wait
   */
  TokenizerTurns(int most) {
    this.most = most;
  }

  /**
   * Texts that one caller waits for.
   *
   * @param owner whose they are
   */
  record Wanted(
      Tokenizer tokenizer,
      String owner,
      Priority priority,
      List<? extends TextSource> texts,
      Truncation whenLong) {}

  /**
   * Adds a list. What comes of it are its texts' tokens, in order; cancelled, it is left where it
   * is.
   *
   * @throws RejectedExecutionException when too many wait already, or after {@link #close}
   */
  CompletableFuture<List<Tokens>> add(Wanted wanted) {
    lock.lock();
    try {
      if (closed) {
        throw new RejectedExecutionException("the tokenizers are closed");
      }
      if (lists.size() >= most) {
        throw new RejectedExecutionException("too many texts wait for their tokens");
      }
      // Who comes now is served next, and has no credit from before.
      Owner owner = owners.computeIfAbsent(wanted.owner(), _ -> new Owner(served));
      var list = new Waiting(wanted, owner, arrivals++);
      lists.add(list);
      owner.open++;
      owner.ready.add(list);
      arrived.signal();
      var _ = list.all.whenComplete((_, _) -> left(list));
      return list.all;
    } finally {
      lock.unlock();
    }
  }

  /** The next turn; waits for one. Empty: there are none any more. */
  Optional<Turn> take() {
    lock.lock();
    try {
      Turn next = next();
      while (next == null && !closed) {
        arrived.awaitUninterruptibly();
        next = next();
      }
      return Optional.ofNullable(closed ? null : next);
    } finally {
      lock.unlock();
    }
  }

  /** Turns that are under way end; nobody else gets one, and who waits is told. */
  void close() {
    List<Waiting> left;
    lock.lock();
    try {
      closed = true;
      left = List.copyOf(lists);
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
    var why = new RejectedExecutionException("the tokenizers are closed");
    left.forEach(list -> list.all.completeExceptionally(why));
  }

  private @Nullable Turn next() {
    Owner owner =
        owners.values().stream()
            .filter(each -> !each.ready.isEmpty())
            .min(Comparator.comparingLong(each -> each.served))
            .orElse(null);
    if (owner == null) {
      return null;
    }
    Waiting list = owner.ready.first();
    Portion portion = list.next();
    list.running++;
    if (!list.hasMore()) {
      owner.ready.remove(list);
    }
    served = Math.max(served, owner.served);
    owner.served += TURN_CHARS; // by estimate, until it is known
    return new Turn(list, portion);
  }

  private void ended(Turn turn, long cost) {
    Waiting list = turn.list;
    boolean complete;
    lock.lock();
    try {
      list.owner.served += cost - TURN_CHARS;
      list.running--;
      if (!turn.portion.done() && !list.all.isDone()) {
        list.begun.add(turn.portion);
        list.owner.ready.add(list);
        arrived.signal();
      }
      complete = list.running == 0 && !list.hasMore();
    } finally {
      lock.unlock();
    }
    if (complete) {
      list.all.complete(Arrays.asList(list.found)); // does nothing where it was given up
      left(list);
    }
  }

  /** Nobody waits for it any more. Turns of it that are under way end by themselves. */
  private void left(Waiting list) {
    lock.lock();
    try {
      list.owner.ready.remove(list);
      if (list.running == 0 && lists.remove(list) && --list.owner.open == 0) {
        owners.remove(list.wanted.owner());
      }
    } finally {
      lock.unlock();
    }
  }

  /** Some of a list's texts, for one thread, for some milliseconds. */
  final class Turn {
    private final Waiting list;
    private final Portion portion;

    private Turn(Waiting list, Portion portion) {
      this.list = list;
      this.portion = portion;
    }

    String owner() {
      return list.wanted.owner();
    }

    /** Takes it; says what it cost, in characters that are tokenised. */
    long run() {
      long cost = 0;
      try {
        while (!portion.done() && cost < TURN_CHARS && !list.all.isDone()) {
          cost += portion.step(list);
        }
      } catch (RuntimeException | Error e) {
        list.all.completeExceptionally(e);
      }
      ended(this, cost);
      return cost;
    }
  }

  /** Guarded by the lock, what its turns found apart. */
  private static final class Owner {
    /** Characters that were tokenised for him, counted from what others had had when he came. */
    long served;

    /** His lists that wait for a turn: the most urgent one first, then the oldest. */
    final TreeSet<Waiting> ready =
        new TreeSet<>(
            Comparator.comparingInt((Waiting list) -> list.wanted.priority().value())
                .reversed()
                .thenComparingLong(list -> list.number));

    /** His lists that somebody waits for. */
    int open;

    Owner(long served) {
      this.served = served;
    }
  }

  /** A list on its way. */
  private static final class Waiting {
    final Wanted wanted;
    final Owner owner;
    final long number;
    final Tokens[] found;
    final CompletableFuture<List<Tokens>> all = new CompletableFuture<>();

    /** Portions that have had a turn and take another one. */
    final ArrayDeque<Portion> begun = new ArrayDeque<>();

    private int nextText;
    int running;

    Waiting(Wanted wanted, Owner owner, long number) {
      this.wanted = wanted;
      this.owner = owner;
      this.number = number;
      this.found = new Tokens[wanted.texts().size()];
    }

    boolean hasMore() {
      return !all.isDone() && (!begun.isEmpty() || nextText < found.length);
    }

    Portion next() {
      Portion first = begun.poll();
      if (first != null) {
        return first;
      }
      int start = nextText;
      long chars = 0;
      while (nextText < found.length && nextText - start < PORTION_TEXTS && chars < TURN_CHARS) {
        chars += wanted.texts().get(nextText).length();
        nextText++;
      }
      return new Portion(start, nextText);
    }
  }

  /** Texts in a row of a list, of which one thread at a time has a turn. */
  private static final class Portion {
    private int next;
    private final int end;
    private @Nullable Reading reading;

    Portion(int next, int end) {
      this.next = next;
      this.end = end;
    }

    boolean done() {
      return next == end;
    }

    long step(Waiting list) {
      Wanted wanted = list.wanted;
      if (reading == null) {
        reading = new Reading(wanted.tokenizer(), wanted.texts().get(next), wanted.whenLong());
      }
      long cost = reading.step();
      Tokens tokens = reading.tokens();
      if (tokens != null) {
        list.found[next] = tokens;
        reading = null;
        next++;
      }
      return cost;
    }
  }
}
