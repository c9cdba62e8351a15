package dev.penstock.engine.trial;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Texts of all kinds: what breaks a tokenizer may be in a table that only some letters reach. */
final class TrialTexts {
  /** Of the usual characters one in so many, and of the others. */
  private static final int STEP = 7;

  private static final int LONG_STEP = 61;

  /** Few enough that a tokenizer gets to see all of a text. */
  private static final int LETTERS = 250;

  private TrialTexts() {}

  /** Such as people send. */
  static List<String> usual() {
    return List.of(
        "",
        " ",
        "Water flows downhill, and fire rises.\r\n\tTwo  spaces. ",
        "na\u00efve caf\u00e9, e\u0301 a\u030a\u0323, \ufb01 \u00bd \u2122, \u0130stanbul \u1e9e",
        "\u041f\u0440\u0438\u0432\u0435\u0442, \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac",
        "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e9\u05dc\u05d5\u05dd",
        "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22",
        "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8 \ud55c\uad6d\uc5b4 \u4e2d\u6587",
        "\ud83d\ude00 \ud83d\udc69\u200d\ud83d\udc67 \ud83c\udde9\ud83c\uddea \ud835\udd18",
        "[CLS] <s> [MASK] <pad> </s> <unk> ##a \u2581b",
        "x".repeat(3_000),
        "one word and another ".repeat(400));
  }

  /** Letters from everywhere, which make no sense. */
  static List<String> letters() {
    int[] points =
        IntStream.concat(
                IntStream.range(0, Character.MIN_SUPPLEMENTARY_CODE_POINT)
                    .filter(point -> point < LETTERS || point % STEP == 0),
                IntStream.rangeClosed(
                        Character.MIN_SUPPLEMENTARY_CODE_POINT, Character.MAX_CODE_POINT)
                    .filter(point -> point % LONG_STEP == 0))
            .filter(point -> point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE)
            .toArray();
    return IntStream.range(0, (points.length + LETTERS - 1) / LETTERS)
        .mapToObj(i ->
            IntStream.range(i * LETTERS, Math.min(points.length, (i + 1) * LETTERS))
                .mapToObj(at -> Character.toString(points[at]))
                .collect(Collectors.joining()))
        .toList();
  }
}
