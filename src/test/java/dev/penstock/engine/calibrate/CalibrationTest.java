package dev.penstock.engine.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.engine.Backends;
import dev.penstock.engine.Device;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.TestModels;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelFiles;
import dev.penstock.models.ModelSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrationTest {
  private static final CalibrationKey KEY =
      new CalibrationKey("minilm", "minilm-1a2b.onnx MEAN 256 384", "cpu", 2, "1.20.0");
  private static final Trial STANDARD = new Trial(2, 512, List.of(100.0, 100.0, 100.0), null);
  private static final Trial BETTER = new Trial(1, 1_024, List.of(120.0, 120.0, 120.0), null);

  @TempDir Path data;

  private Calibration calibration() {
    ModelCatalogue catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, data);
    return new Calibration(new Device.Cpu(), data, TestModels.untried(catalogue));
  }

  private static Comparison comparison(Verdict verdict) {
    return new Comparison(KEY, 100, 4, 250, STANDARD, List.of(STANDARD, BETTER), verdict);
  }

  @Test
  void whatIsBetterIsKeptAndForgottenWhenTheDefaultStays() throws Exception {
    Calibration calibration = calibration();
    CalibrationFile file = CalibrationFile.in(data);
    assertThat(calibration.keep(comparison(new Verdict.Stays()))).isFalse();

    assertThat(calibration.keep(comparison(new Verdict.Better(BETTER, 1.2)))).isTrue();
    assertThat(file.find(KEY))
        .hasValueSatisfying(kept -> {
          assertThat(kept.threads()).isEqualTo(1);
          assertThat(kept.tokenBudget()).isEqualTo(1_024);
          assertThat(kept.ratio()).isEqualTo(1.2);
        });

    assertThat(calibration.keep(comparison(new Verdict.Stays()))).isTrue();
    assertThat(file.find(KEY)).isEmpty();
  }

  @Test
  void aModelThatCannotBeOpenedIsAFailureWithItsName() {
    ModelSpec none =
        new ModelSpec(
            "mine",
            List.of(),
            TestModels.MINILM.traits(),
            List.of(
                new ModelFiles.Folder(
                    data.resolve("model.onnx"), data.resolve("tokenizer.json"), 1, "1")));
    assertThatThrownBy(() -> calibration().compare(none, Duration.ofSeconds(5), _ -> {}))
        .isInstanceOf(ModelFailure.class)
        .hasMessageStartingWith("model mine: ");
  }
}
