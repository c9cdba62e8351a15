package dev.penstock.engine;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;

/**
 * The platform threads that tokenise, one per core and shared by all models: a native call would
 * hold a virtual thread's carrier. Only a few short texts are tokenised on the caller's thread.
 */
public final class TokenizerThreads implements AutoCloseable {
  private static final int SHORT_TEXTS = 4;
  private static final int SHORT_CHARS = 2_048;
  private static final int QUEUE = 1_024;
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(30);

  private final TokenizerTurns turns = new TokenizerTurns(QUEUE);
  private final List<Thread> threads;
  private volatile boolean closed;

  public TokenizerThreads(int threads) {
    this.threads =
        IntStream.range(0, threads)
            .mapToObj(i -> Thread.ofPlatform().name("tokenizer-" + i).daemon().start(this::work))
            .toList();
  }

  private void work() {
    for (Optional<TokenizerTurns.Turn> turn = turns.take(); turn.isPresent(); turn = turns.take()) {
      turn.get().run();
    }
  }

  /**
   * The tokens of each text, in order. An interrupt ends the work within some milliseconds.
   *
   * @param owner whose texts they are: owners take turns, by the characters of their texts
   * @throws RejectedExecutionException when too much work waits already, or after {@link #close}
   */
  public List<Tokens> encode(
      Tokenizer tokenizer,
      String owner,
      Priority priority,
      List<? extends TextSource> texts,
      Truncation whenLong)
      throws InterruptedException {
    if (closed) {
      throw new RejectedExecutionException("the tokenizers are closed");
    }
    if (isShort(texts)) {
      return texts.stream().map(text -> Reading.all(tokenizer, text, whenLong)).toList();
    }
    CompletableFuture<List<Tokens>> all =
        turns.add(new TokenizerTurns.Wanted(tokenizer, owner, priority, texts, whenLong));
    try {
      return all.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RejectedExecutionException closing) {
        throw closing;
      }
      throw new IllegalStateException("tokenizer: " + e.getCause(), e.getCause());
    } finally {
      all.cancel(false);
    }
  }

  /** Done here sooner than another thread could begin, and the carrier is held no longer. */
  public static boolean isShort(List<? extends TextSource> texts) {
    return texts.size() <= SHORT_TEXTS
        && texts.stream().mapToLong(TextSource::length).sum() <= SHORT_CHARS;
  }

  /** Lets the turns that run finish; blocks, 30 s at most. */
  @Override
  public void close() {
    closed = true;
    turns.close();
    long end = System.nanoTime() + CLOSE_WAIT.toNanos();
    try {
      for (Thread thread : threads) {
        if (!thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
          throw new IllegalStateException("a tokenizer still runs");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
