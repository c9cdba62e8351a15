package dev.penstock.engine;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The platform threads that tokenise, one per core and shared by all models: a native call would
 * hold a virtual thread's carrier. Only a few short texts are tokenised on the caller's thread. A
 * long list goes through in small portions, few of them at a time, so that a short one beside it
 * waits for a portion and not for the list.
 */
public final class TokenizerThreads implements AutoCloseable {
  private static final int PORTION_TEXTS = 32;
  private static final int PORTION_CHARS = 1 << 15;
  private static final int SHORT_TEXTS = 4;
  private static final int SHORT_CHARS = 2_048;
  private static final int QUEUE = 1_024;
  private static final long CLOSE_SECONDS = 30;

  private final int threads;
  private final ThreadPoolExecutor pool;

  public TokenizerThreads(int threads) {
    this.threads = threads;
    this.pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUE),
            Thread.ofPlatform().name("tokenizer-", 0).daemon().factory());
  }

  /**
   * The tokens of each text, in order.
   *
   * @throws RejectedExecutionException when too much work waits already, or after {@link #close}
   */
  public List<Tokens> encode(Tokenizer tokenizer, List<String> texts, Truncation whenLong)
      throws InterruptedException {
    if (pool.isShutdown()) {
      throw new RejectedExecutionException("the tokenizers are closed");
    }
    if (isShort(texts)) {
      return texts.stream().map(text -> tokenizer.encode(text, whenLong)).toList();
    }
    List<Tokens> all = new ArrayList<>(texts.size());
    ArrayDeque<Future<List<Tokens>>> underWay = new ArrayDeque<>();
    try {
      int next = 0;
      while (next < texts.size() || !underWay.isEmpty()) {
        if (next < texts.size() && underWay.size() < threads) {
          int end = portionEnd(texts, next);
          List<String> portion = texts.subList(next, end);
          underWay.add(
              pool.submit(
                  () -> portion.stream().map(text -> tokenizer.encode(text, whenLong)).toList()));
          next = end;
        } else {
          all.addAll(underWay.element().get());
          underWay.remove();
        }
      }
      return all;
    } catch (ExecutionException e) {
      throw new IllegalStateException("tokenizer: " + e.getCause(), e.getCause());
    } finally {
      underWay.forEach(portion -> portion.cancel(false));
    }
  }

  /** Done here sooner than another thread could begin, and the carrier is held no longer. */
  public static boolean isShort(List<String> texts) {
    return texts.size() <= SHORT_TEXTS
        && texts.stream().mapToLong(String::length).sum() <= SHORT_CHARS;
  }

  /** Lets the portions that run finish; blocks, 30 s at most. */
  @Override
  public void close() {
    pool.shutdownNow();
    try {
      if (!pool.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("a tokenizer still runs");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int portionEnd(List<String> texts, int start) {
    int end = start;
    long chars = 0;
    while (end < texts.size() && end - start < PORTION_TEXTS && chars < PORTION_CHARS) {
      chars += texts.get(end).length();
      end++;
    }
    return end;
  }
}
