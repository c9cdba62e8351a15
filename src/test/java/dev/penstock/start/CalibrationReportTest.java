package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.calibrate.CalibrationKey;
import dev.penstock.engine.calibrate.Comparison;
import dev.penstock.engine.calibrate.Trial;
import dev.penstock.engine.calibrate.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CalibrationReportTest {
  private static final Trial STANDARD = new Trial(2, 16_384, List.of(9_000.0, 1e4, 1.1e4), null);
  private static final Trial BETTER = new Trial(3, 32_768, List.of(11e3, 12e3, 13e3), null);
  private static final List<Trial> TRIALS =
      List.of(
          new Trial(1, 2_048, List.of(42.5), null),
          STANDARD,
          BETTER,
          new Trial(3, 65_536, List.of(), "out of memory"));

  private static Comparison comparison(Verdict verdict) {
    return new Comparison(
        new CalibrationKey("minilm", "files", "cuda:0", 16, "1.20.0"),
        12_000,
        4,
        250,
        STANDARD,
        TRIALS,
        verdict);
  }

  @Test
  void itShowsEveryCandidateAndWhatFollows() {
    assertThat(CalibrationReport.of(comparison(new Verdict.Better(BETTER, 1.2))))
        .isEqualTo(
            """
            model minilm on cuda:0, 16 processors: 12,000 texts of 4 to 250 tokens a turn

            runs  tokens a batch  rounds  texts/s        (min–max)  of default
               1           2,048       1     42.5      (42.5–42.5)         0 %
               2          16,384       3   10,000   (9,000–11,000)       100 %  the default
               3          32,768       3   12,000  (11,000–13,000)       120 %
               3          65,536       0        –                               out: out of memory

            Tokens count with padding. The last figure is the median of its rates, each beside the default's of
            the same round; who has less than 80 % of the best in the first round is left out of the others.

            3 runs side by side with 32,768 padded tokens a batch are 20 % faster than the default.
            To set by hand: INFERENCE_THREADS=3 INFERENCE_TOKEN_BUDGET=32768\
            """);
  }

  @Test
  void theDefaultIsWhatToSetWhereItStays() {
    assertThat(CalibrationReport.of(comparison(new Verdict.Stays())))
        .endsWith(
            """
            The default stays: nothing is faster by 5 % at the median and in every round.
            To set by hand: INFERENCE_THREADS=2 INFERENCE_TOKEN_BUDGET=16384\
            """);
  }
}
