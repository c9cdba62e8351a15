package dev.penstock.web;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One of the things that all who ask use together, and how much of it each of them has. A key that
 * is alone may have nearly all. What is left then is for keys that have little, so that each of
 * them finds some. Knows those who have something, and nobody else. Safe to use from any thread.
 */
public final class Share {
  /** Of what has no bound over all. */
  static final long UNBOUNDED = Long.MAX_VALUE;

  private final Kind kind;
  private final long whole;
  private final long open;
  private final long most;
  private final long little;
  private final Map<String, Long> byKey = new HashMap<>();
  private long used;
  private long refused;

  /**
   * What is shared.
   *
   * @param name in metrics and in settings
   * @param unit what there are so many of
   * @param full what is said when there is none left for anybody
   */
  record Kind(String name, String unit, String full) {}

  /**
   * @param whole how much there is
   * @param open how much of it may be taken by whoever asks; the rest is for keys with little
   * @param most how much a key may have
   * @param little what a key may have of the rest
   */
  Share(Kind kind, long whole, long open, long most, long little) {
    this.kind = kind;
    this.whole = whole;
    this.open = open;
    this.most = most;
    this.little = little;
  }

  public String name() {
    return kind.name;
  }

  /** How much a key may have. */
  public long most() {
    return most;
  }

  /** How much is taken, over all keys. */
  public synchronized long used() {
    return used;
  }

  /** How often a key was told that it has its share. */
  public synchronized long refused() {
    return refused;
  }

  /** How much a key has, with all that it has by part. */
  public synchronized long of(String key) {
    String parts = part(key, "");
    return byKey.entrySet().stream()
        .filter(each -> each.getKey().equals(key) || each.getKey().startsWith(parts))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** The name of a part of a key, which is counted apart. */
  static String part(String key, String part) {
    return key + '\n' + part;
  }

  /**
   * Takes so much for a key, until it is given back.
   *
   * @throws Refusal 429 when the key has its share, 503 when there is no more for anybody
   */
  public Held take(String key, long amount) {
    Held held = begin(key);
    ApiError refusal = held.add(amount);
    if (refusal != null) {
      throw new Refusal(refusal);
    }
    return held;
  }

  /** The same; waits so long for it. Null: in vain. */
  public @Nullable Held take(String key, long amount, Duration patience)
      throws InterruptedException {
    long until = System.nanoTime() + patience.toNanos();
    synchronized (this) {
      while (refusal(key, amount) != null) {
        long left = until - System.nanoTime();
        if (left <= 0) {
          refused++;
          return null;
        }
        wait(left / 1_000_000 + 1);
      }
      Held held = begin(key);
      held.count(amount);
      return held;
    }
  }

  /** Nothing yet: see {@link Held#add}. */
  Held begin(String key) {
    return new Held(key);
  }

  /** Holding the lock. Null: it may be taken. */
  private @Nullable ApiError refusal(String key, long amount) {
    long own = byKey.getOrDefault(key, 0L);
    if (own + amount > most && most < whole) {
      return ApiError.shareUsed(
          "Your share of %s is used: you have %d, and one key may have %d."
              .formatted(kind.unit, own, most));
    }
    if (amount > whole - used) {
      return ApiError.overloaded(kind.full);
    }
    if (used + amount > open && own > 0 && own + amount > little) {
      return ApiError.shareUsed(
          "What is left of %s is for keys that have few: %d of %d are taken, and you have %d."
              .formatted(kind.unit, used, whole, own));
    }
    return null;
  }

  /** What somebody has of it. Given back once, however often it is closed. */
  public final class Held implements AutoCloseable {
    private final String key;
    private long amount;
    private boolean closed;

    private Held(String key) {
      this.key = key;
    }

    /** Takes some more; null: it has it, or is closed and needs none. */
    @Nullable ApiError add(long more) {
      synchronized (Share.this) {
        ApiError refusal = closed ? null : refusal(key, more);
        if (refusal == null) {
          count(more);
        } else if (refusal.status() == ApiError.TOO_MANY) {
          refused++;
        }
        return refusal;
      }
    }

    /** Gives some of it back. */
    void less(long some) {
      synchronized (Share.this) {
        count(-Math.min(some, amount));
      }
    }

    /** Holding the lock. */
    private void count(long change) {
      if (closed || change == 0) {
        return;
      }
      amount += change;
      used += change;
      long own = byKey.getOrDefault(key, 0L) + change;
      if (own == 0) {
        byKey.remove(key);
      } else {
        byKey.put(key, own);
      }
      if (change < 0) {
        Share.this.notifyAll();
      }
    }

    @Override
    public void close() {
      synchronized (Share.this) {
        count(-amount);
        closed = true;
      }
    }
  }
}
