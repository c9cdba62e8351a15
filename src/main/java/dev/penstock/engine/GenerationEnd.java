package dev.penstock.engine;

import java.util.List;
import java.util.Locale;

/**
 * How the answers to a request have ended. Their texts are what the pieces come to.
 *
 * @param reasons why each ended, by choice
 * @param promptTokens of the prompt, once
 * @param cachedTokens of those, how many were known from before
 * @param answerTokens of all answers together
 * @param reasoningTokens of those, how many the model said to itself
 * @param backend which one made them
 */
public record GenerationEnd(
    List<Reason> reasons,
    int promptTokens,
    int cachedTokens,
    int answerTokens,
    int reasoningTokens,
    String backend) {
  public GenerationEnd {
    reasons = List.copyOf(reasons);
  }

  /** Why an answer ended. */
  public enum Reason {
    /** It was complete, or came to a stop string. */
    STOP,
    /** It may not be longer. */
    LENGTH,
    TOOL_CALLS,
    CONTENT_FILTER;

    /** As OpenAI's {@code finish_reason}. */
    public String json() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
