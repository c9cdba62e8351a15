package dev.penstock.engine.llama;

import java.util.List;

/**
 * A text that is to be made.
 *
 * @param id its number, by which it is told of and cancelled
 * @param prompt the tokens that it goes on from
 * @param before tokens of the answer that an earlier run has made: it goes on after these, as if it
 *     had never been interrupted
 * @param heard how many of those before are not told of again, from the first on
 * @param most tokens that the answer has at most, those before with it
 * @param sampling how the tokens are chosen
 * @param stops the answer ends before the first of these
 */
record Generation(
    long id,
    List<Integer> prompt,
    List<Integer> before,
    int heard,
    int most,
    Sampling sampling,
    List<String> stops) {
  private static final int MOST_STOPS = 64;
  private static final int LONGEST_STOP = 1_024;

  Generation {
    prompt = List.copyOf(prompt);
    before = List.copyOf(before);
    stops = List.copyOf(stops);
    if (prompt.isEmpty()) {
      throw new IllegalArgumentException("a prompt has at least one token");
    }
    if (most < 1) {
      throw new IllegalArgumentException("an answer has at least one token");
    }
    if (stops.size() > MOST_STOPS
        || stops.stream().anyMatch(stop -> stop.isEmpty() || stop.length() > LONGEST_STOP)) {
      throw new IllegalArgumentException(
          "at most %d stop strings of 1 to %d characters".formatted(MOST_STOPS, LONGEST_STOP));
    }
  }

  Generation(long id, List<Integer> prompt, int most, Sampling sampling) {
    this(id, prompt, List.of(), most, sampling, List.of());
  }

  /** It tells of nothing that was before. */
  Generation(
      long id,
      List<Integer> prompt,
      List<Integer> before,
      int most,
      Sampling sampling,
      List<String> stops) {
    this(id, prompt, before, before.size(), most, sampling, stops);
  }
}
