package dev.penstock.api;

import dev.penstock.core.TaskFilter;
import dev.penstock.web.ApiError;
import dev.penstock.web.Refusal;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets each owner look for one text at a time: that reads a lot, and all owners have few readers
 * between them. Safe to use from any thread.
 */
final class SearchTurns {
  private final Duration patience;

  /** Of owners that have a key, so it stays small. */
  private final Map<String, Semaphore> turns = new ConcurrentHashMap<>();

  /**
   * @param patience how long another search of the owner's is waited for
   */
  SearchTurns(Duration patience) {
    this.patience = patience;
  }

  /** What is asked of the store. */
  interface Question<R> {
    R ask() throws InterruptedException;
  }

  /**
   * Asks, in the owner's turn where a text is looked for.
   *
   * @throws Refusal when that does not come
   */
  <R> R ask(TaskFilter filter, Question<R> question) throws InterruptedException {
    if (filter.text() == null) {
      return question.ask();
    }
    Semaphore turn =
        turns.computeIfAbsent(String.valueOf(filter.owner()), _ -> new Semaphore(1, true));
    if (!turn.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new Refusal(ApiError.overloaded("Another search of yours has not ended yet."));
    }
    try {
      return question.ask();
    } finally {
      turn.release();
    }
  }
}
