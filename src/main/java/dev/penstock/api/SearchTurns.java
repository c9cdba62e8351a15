package dev.penstock.api;

import dev.penstock.core.TaskFilter;
import dev.penstock.web.ApiError;
import dev.penstock.web.Refusal;
import dev.penstock.web.Share;
import java.time.Duration;

/**
 * Lets each owner look for few texts at a time: that reads a lot, and all owners have few readers
 * between them. Safe to use from any thread.
 */
final class SearchTurns {
  private final Share turns;
  private final Duration patience;

  /**
   * @param turns that owners have
   * @param patience how long another search of the owner's is waited for
   */
  SearchTurns(Share turns, Duration patience) {
    this.turns = turns;
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
    try (Share.Held turn = turns.take(String.valueOf(filter.owner()), 1, patience)) {
      if (turn == null) {
        throw new Refusal(
            ApiError.shareUsed(
                "Another search of yours has not ended yet: you may have %d at a time."
                    .formatted(turns.most())));
      }
      return question.ask();
    }
  }
}
