package dev.penstock.engine.llama;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A text that is being made, in one of the context's slots. For the loop's thread. */
final class Slot {
  /** No scores are asked for in this step. */
  private static final int NOWHERE = -1;

  final int number;
  final Generation generation;
  final AnswerText text;
  private final List<Integer> toRead;
  private final Map<Integer, Integer> counts = new HashMap<>();
  private int read;
  private int made;
  private int last;
  private int place = NOWHERE;

  /** Hears of what an earlier run has made. */
  interface Told {
    void piece(int token, String text);
  }

  /** What an earlier run has made is told to it as if it had made it. */
  Slot(int number, Generation generation, LlamaModel model, Told told) {
    this.number = number;
    this.generation = generation;
    text = new AnswerText(generation.stops());
    toRead = Stream.concat(generation.prompt().stream(), generation.before().stream()).toList();
    for (int token : generation.before()) {
      String known = text.add(model.piece(token));
      take(token);
      if (made > generation.heard()) {
        told.piece(token, known);
      }
    }
  }

  /** How long the answer is. */
  int made() {
    return made;
  }

  /** How often the answer has each of its tokens. */
  Map<Integer, Integer> counts() {
    return counts;
  }

  /** Whether there is more to read than the token that was made last. */
  boolean reads() {
    return read < toRead.size();
  }

  void take(int token) {
    last = token;
    made++;
    counts.merge(token, 1, Integer::sum);
  }

  /** Adds the token that was made last. */
  void addLast(LlamaContext context) {
    place = context.add(number, last, true);
  }

  /** Adds as much of the prompt as there is room for. */
  void addPrompt(LlamaContext context) {
    place = NOWHERE;
    while (reads() && context.free() > 0) {
      int token = toRead.get(read++);
      int at = context.add(number, token, !reads());
      place = reads() ? NOWHERE : at;
    }
  }

  /** Where in the step its scores are. */
  int place() {
    return place;
  }

  boolean scored() {
    return place != NOWHERE;
  }
}
