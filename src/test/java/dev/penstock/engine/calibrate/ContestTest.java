package dev.penstock.engine.calibrate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.BatchLimits;
import dev.penstock.engine.calibrate.TrialRun.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContestTest {
  private static final BatchLimits A = new BatchLimits(1, 256, 8, true);
  private static final BatchLimits B = new BatchLimits(2, 256, 8, true);
  private static final BatchLimits C = new BatchLimits(2, 512, 8, true);

  private final List<String> turns = new ArrayList<>();

  private List<Trial> run(boolean timeLeft, Contest.Turns outcomes) throws Exception {
    return List.copyOf(
        new Contest(
                List.of(A, B, C),
                B,
                (round, limits) -> {
                  turns.add(round + name(limits));
                  return outcomes.run(round, limits);
                },
                () -> timeLeft)
            .run()
            .values());
  }

  private static String name(BatchLimits limits) {
    return limits.equals(A) ? "a" : limits.equals(B) ? "b" : "c";
  }

  @Test
  void eachRoundHasTheReverseOrderOfTheOneBefore() throws Exception {
    List<Trial> trials = run(false, (round, limits) -> new Outcome.Done(100 + round));
    assertThat(turns).containsExactly("1a", "1b", "1c", "2c", "2b", "2a", "3a", "3b", "3c");
    assertThat(trials)
        .hasSize(3)
        .allSatisfy(trial -> assertThat(trial.rates()).containsExactly(101.0, 102.0, 103.0));
    assertThat(trials.getLast().threads()).isEqualTo(2);
    assertThat(trials.getLast().tokenBudget()).isEqualTo(512);
  }

  @Test
  void whoBeatsTheDefaultMeetsItAloneFurtherRounds() throws Exception {
    Contest.Turns outcomes =
        (_, limits) -> new Outcome.Done(limits.equals(C) ? 110 : limits.equals(B) ? 100 : 101);
    run(false, outcomes);
    assertThat(turns.subList(6, turns.size()))
        .containsExactly("3a", "3b", "3c", "4c", "4b", "5b", "5c");

    assertThat(run(true, outcomes).stream().map(trial -> trial.rates().size()))
        .containsExactly(3, 9, 9);
  }

  @Test
  void itEndsWhenNobodyBeatsTheDefaultAnyMore() throws Exception {
    List<Trial> trials =
        run(true, (round, limits) -> new Outcome.Done(limits.equals(C) && round != 4 ? 110 : 100));
    assertThat(turns).endsWith("3a", "3b", "3c", "4c", "4b");
    assertThat(trials.getLast().rates()).hasSize(4);
  }

  @Test
  void whoIsFarBehindInTheFirstRoundIsLeftOutButNeverTheDefault() throws Exception {
    List<Trial> trials =
        run(false, (round, limits) -> new Outcome.Done(limits.equals(C) && round == 1 ? 100 : 79));
    assertThat(trials.stream().map(trial -> trial.rates().size())).containsExactly(1, 3, 3);
    assertThat(turns).containsExactly("1a", "1b", "1c", "2c", "2b", "3b", "3c");
  }

  @Test
  void whoFailsIsOut() throws Exception {
    List<Trial> trials =
        run(
            false,
            (round, limits) ->
                limits.equals(A) || (limits.equals(C) && round == 2)
                    ? new Outcome.Failed("out of memory")
                    : new Outcome.Done(100));
    assertThat(turns).containsExactly("1a", "1b", "1c", "2c", "2b", "3b");
    assertThat(trials.stream().map(Trial::failure))
        .containsExactly("out of memory", null, "out of memory");
  }

  @Test
  void itEndsWithTheDefault() throws Exception {
    List<Trial> trials =
        run(
            false,
            (_, limits) -> limits.equals(B) ? new Outcome.Failed("no") : new Outcome.Done(9));
    assertThat(turns).containsExactly("1a", "1b", "1c");
    assertThat(trials.get(1).failure()).isEqualTo("no");
  }
}
