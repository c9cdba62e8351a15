package dev.penstock.engine.calibrate;

import dev.penstock.engine.Tokenizer;
import dev.penstock.models.EmbeddingTraits.Truncation;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Texts of mixed length as a model reads them, the same ones every time. */
final class SampleTexts {
  private static final int SHORTEST = 4;
  private static final int LONGEST = 250;
  private static final int SEED = 27;

  /** Texts that the others are cut from: what tokens they have matters little. */
  private static final int WHOLE = 32;

  private static final List<String> WORDS =
      List.of(
          ("the of and water river pipe gate turbine night cold bright time people way day man thing"
                  + " woman life child world school state family student group country problem hand"
                  + " part place case week company system program question work government number"
                  + " point home room mother area money story fact month lot right study book eye job"
                  + " word business issue side kind head house service friend father power hour game")
              .split(" "));

  private final List<int[]> whole;
  private final int longest;

  SampleTexts(Tokenizer tokenizer) {
    var random = new Random(SEED);
    whole =
        Stream.generate(() -> text(random))
            .limit(WHOLE)
            .map(text -> tokenizer.encode(text, Truncation.END).ids())
            .toList();
    longest = whole.stream().mapToInt(ids -> Math.min(ids.length, LONGEST)).min().orElseThrow();
  }

  private static String text(Random random) {
    return IntStream.range(0, LONGEST)
        .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())))
        .collect(Collectors.joining(" "));
  }

  /** Of lengths whose logarithms are spread evenly: many short texts, few long ones. */
  List<int[]> mixed(int count) {
    var random = new Random(SEED);
    double least = Math.log(Math.min(SHORTEST, longest));
    double spread = Math.log(longest) - least;
    return IntStream.range(0, count)
        .mapToObj(i -> cut(i, (int) Math.round(Math.exp(least + spread * random.nextDouble()))))
        .toList();
  }

  /** As long as they get, of so many tokens together. */
  List<int[]> ofTokens(int tokens) {
    return IntStream.range(0, Math.max(1, tokens / longest))
        .mapToObj(i -> cut(i, longest))
        .toList();
  }

  int longest() {
    return longest;
  }

  int shortest() {
    return Math.min(SHORTEST, longest);
  }

  /** The last token stays the last: it is a special one for most models. */
  private int[] cut(int index, int length) {
    int[] ids = whole.get(index % WHOLE);
    int[] cut = Arrays.copyOf(ids, length);
    cut[length - 1] = ids[ids.length - 1];
    return cut;
  }
}
