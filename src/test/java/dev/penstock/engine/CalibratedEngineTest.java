package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.engine.TestModels.InferenceSettings;
import dev.penstock.engine.calibrate.Calibrated;
import dev.penstock.engine.calibrate.CalibrationFile;
import dev.penstock.engine.calibrate.CalibrationKey;
import java.nio.file.Path;
import java.time.LocalDate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Engines opened on a data folder in which figures are kept. */
class CalibratedEngineTest {

  private final Logger logger = (Logger) LoggerFactory.getLogger(EmbeddingEngine.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @TempDir Path data;

  @BeforeEach
  void keepFigures() throws Exception {
    try (LoadedModel loaded = TestModels.open(TestModels.MINILM_Q, data)) {
      CalibrationFile.in(data)
          .put(CalibrationKey.of(loaded), new Calibrated(1, 256, LocalDate.of(2026, 11, 26), 1.2));
    }
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
  }

  private EngineStatus open(int threads, int tokenBudget) throws Exception {
    var settings = new InferenceSettings("cpu", threads, tokenBudget, 16);
    try (ModelEngine engine =
        Backends.BUILT_IN.open(TestModels.MINILM_Q, TestModels.parts(settings, data))) {
      return engine.status();
    }
  }

  private String logged() {
    return log.list.getFirst().getFormattedMessage();
  }

  @Test
  void itUsesTheFiguresThatAreKeptForItAndSaysSo() throws Exception {
    EngineStatus status = open(0, 0);
    assertThat(status.threads()).isEqualTo(1);
    assertThat(status.tokenBudget()).isEqualTo(256);
    assertThat(logged())
        .contains("1 runs side by side, 256 padded tokens a batch, calibrated 2026-11-26, took ");
  }

  @Test
  void settingsGoBeforeThem() throws Exception {
    EngineStatus status = open(3, 99);
    assertThat(status.threads()).isEqualTo(3);
    assertThat(status.tokenBudget()).isEqualTo(99);
    assertThat(logged()).doesNotContain("calibrated");
  }
}
