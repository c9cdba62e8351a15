package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.TestModels.InferenceSettings;
import dev.penstock.engine.calibrate.Calibrated;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BatchLimitsTest {
  private static final Device CPU = new Device.Cpu();
  private static final Device GPU = new Device.Cuda(0);
  private static final InferenceSettings UNSET = new InferenceSettings("auto", 0, 0, 1);
  private static final InferenceSettings SET = new InferenceSettings("auto", 3, 99, 1);
  private static final InferenceSettings BUDGET_SET = new InferenceSettings("auto", 0, 99, 1);
  private static final Optional<Calibrated> NONE = Optional.empty();
  private static final Optional<Calibrated> CALIBRATED =
      Optional.of(new Calibrated(7, 1_000, LocalDate.of(2026, 11, 26), 1.2));

  private static void assertFigures(BatchLimits limits, int threads, int tokenBudget) {
    assertThat(limits.threads()).isEqualTo(threads);
    assertThat(limits.tokenBudget()).isEqualTo(tokenBudget);
  }

  @Test
  void theSettingGoesBeforeTheCalibratedFigureAndThatBeforeTheDevicesOwn() {
    assertFigures(BatchLimits.of(GPU, UNSET, NONE), 2, 16_384);
    assertFigures(BatchLimits.of(GPU, UNSET, CALIBRATED), 7, 1_000);
    assertFigures(BatchLimits.of(GPU, BUDGET_SET, CALIBRATED), 7, 99);
    assertFigures(BatchLimits.of(GPU, BUDGET_SET, NONE), 2, 99);
    assertFigures(BatchLimits.of(GPU, SET, CALIBRATED), 3, 99);
  }

  @Test
  void whatIsNotCalibratedStaysTheDevices() {
    assertThat(BatchLimits.of(GPU, UNSET, CALIBRATED).padding())
        .isEqualTo(BatchLimits.standard(GPU).padding());
    assertThat(BatchLimits.of(CPU, UNSET, CALIBRATED).perToken()).isTrue();
  }

  @Test
  void itSaysWhereFiguresComeFromThatOneMayWonderAbout() {
    assertThat(BatchLimits.origin(CPU, UNSET, NONE)).isEmpty();
    assertThat(BatchLimits.origin(CPU, UNSET, CALIBRATED)).isEqualTo(", calibrated 2026-11-26");
    assertThat(BatchLimits.origin(CPU, SET, CALIBRATED)).isEmpty();
    assertThat(BatchLimits.origin(GPU, UNSET, NONE)).contains("guesses", "penstock calibrate");
    assertThat(BatchLimits.origin(GPU, BUDGET_SET, NONE)).contains("guesses");
    assertThat(BatchLimits.origin(CPU, BUDGET_SET, CALIBRATED))
        .isEqualTo(", what is not set calibrated 2026-11-26");
    assertThat(BatchLimits.origin(GPU, UNSET, CALIBRATED)).isEqualTo(", calibrated 2026-11-26");
    assertThat(BatchLimits.origin(GPU, SET, NONE)).isEmpty();
  }

  @Test
  void theCandidatesAreNoTwoAlikeAndTheDevicesOwnFiguresAreAmongThem() {
    for (Device device : List.of(CPU, GPU)) {
      assertThat(BatchLimits.candidates(device))
          .doesNotHaveDuplicates()
          .contains(BatchLimits.standard(device));
    }
    assertThat(BatchLimits.candidates(GPU)).hasSize(18);
  }
}
