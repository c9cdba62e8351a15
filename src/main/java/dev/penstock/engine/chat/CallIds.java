package dev.penstock.engine.chat;

import java.util.SplittableRandom;

/** Makes ids of calls, the same for the same number and the same seed. */
final class CallIds {
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int LENGTH = 24;

  /** Mistral's templates refuse any other. */
  private static final int LENGTH_FOR_MISTRAL = 9;

  private final long seed;
  private final boolean mistral;

  CallIds(long seed, AnswerSyntax syntax) {
    this.seed = seed;
    mistral = syntax.calls().stream().anyMatch(each -> each.open().equals(AnswerSyntax.MISTRAL));
  }

  String of(int number) {
    var random = new SplittableRandom(seed + number * 0x9E3779B97F4A7C15L);
    var id = new StringBuilder(mistral ? "" : "call_");
    for (int i = 0; i < (mistral ? LENGTH_FOR_MISTRAL : LENGTH); i++) {
      id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return id.toString();
  }
}
