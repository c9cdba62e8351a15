package dev.penstock.engine.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class CalibrationFileTest {
  private static final CalibrationKey KEY =
      new CalibrationKey("minilm", "minilm-1a2b.onnx MEAN 256 384", "cpu", 2, "1.20.0");
  private static final Calibrated FIGURES =
      new Calibrated(2, 1_024, LocalDate.of(2026, 11, 26), 1.125);

  private final Logger logger = (Logger) LoggerFactory.getLogger(CalibrationFile.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @TempDir Path data;

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
  }

  private CalibrationFile file() {
    return CalibrationFile.in(data);
  }

  private Path path() {
    return data.resolve("calibration.json");
  }

  private void assertOneWarning() {
    assertThat(log.list).hasSize(1);
    assertThat(log.list.getFirst().getLevel()).isEqualTo(Level.WARN);
    assertThat(log.list.getFirst().getFormattedMessage())
        .contains("calibration.json")
        .doesNotContain("\n");
  }

  @Test
  void whatIsKeptIsFoundAndReplaced() throws Exception {
    assertThat(file().find(KEY)).isEmpty();
    file().put(KEY, FIGURES);
    assertThat(file().find(KEY)).contains(FIGURES);

    Calibrated newer = new Calibrated(1, 256, LocalDate.of(2027, 1, 2), 1.06);
    file().put(KEY, newer);
    assertThat(file().find(KEY)).contains(newer);
    assertThat(Files.readString(path()).split("minilm-1a2b", -1)).hasSize(2);
    try (Stream<Path> files = Files.list(data)) {
      assertThat(files).containsExactly(path());
    }
    assertThat(log.list).isEmpty();
  }

  @Test
  void figuresAreForExactlyWhatTheyWereMeasuredFor() throws Exception {
    file().put(KEY, FIGURES);
    List<CalibrationKey> others =
        List.of(
            new CalibrationKey("other", KEY.files(), "cpu", 2, "1.20.0"),
            new CalibrationKey("minilm", "minilm-ffff.onnx MEAN 256 384", "cpu", 2, "1.20.0"),
            new CalibrationKey("minilm", KEY.files(), "cuda:0", 2, "1.20.0"),
            new CalibrationKey("minilm", KEY.files(), "cpu", 4, "1.20.0"),
            new CalibrationKey("minilm", KEY.files(), "cpu", 2, "1.21.0"));
    for (CalibrationKey other : others) {
      assertThat(file().find(other)).as("%s", other).isEmpty();
      file().put(other, new Calibrated(1, 256, FIGURES.date(), 2));
    }
    assertThat(file().find(KEY)).contains(FIGURES);
  }

  @Test
  void whatIsRemovedIsForgottenAndNothingElse() throws Exception {
    assertThat(file().remove(KEY)).isFalse();
    assertThat(path()).doesNotExist();
    CalibrationKey gpu = new CalibrationKey("minilm", KEY.files(), "cuda:0", 2, "1.20.0");
    file().put(KEY, FIGURES);
    file().put(gpu, FIGURES);

    assertThat(file().remove(KEY)).isTrue();
    assertThat(file().remove(KEY)).isFalse();
    assertThat(file().find(KEY)).isEmpty();
    assertThat(file().find(gpu)).contains(FIGURES);
  }

  @Test
  void whatItDoesNotKnowItLeavesThere() throws Exception {
    file().put(KEY, FIGURES);
    String text =
        Files.readString(path())
            .replaceFirst("\\{", "{\"version\": 7, ")
            .replaceFirst("\"model\"", "\"card\": \"new\", \"model\"");
    Files.writeString(path(), text);
    assertThat(file().find(KEY)).contains(FIGURES);

    file().put(new CalibrationKey("other", "x", "cpu", 2, "1.20.0"), FIGURES);
    assertThat(Files.readString(path())).contains("\"version\" : 7", "\"card\" : \"new\"");
    assertThat(file().find(KEY)).contains(FIGURES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "\u0000\u0001",
        "[]",
        "7",
        "{\"calibrations\": 7}",
        "{\"something\": \"else\"}",
        "{\"calibrations\": []} and more",
      })
  void aFileThatMakesNoSenseIsOneWarningAndIsWrittenAnew(String content) throws Exception {
    Files.writeString(path(), content);
    assertThat(file().find(KEY)).isEmpty();
    assertOneWarning();
    assertThat(file().remove(KEY)).isFalse();
    assertThat(path()).hasContent(content);

    file().put(KEY, FIGURES);
    log.list.clear();
    assertThat(file().find(KEY)).contains(FIGURES);
    assertThat(log.list).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "threads, \"x\"",
    "threads, 0",
    "threads, 1.5",
    "threads, 1000000",
    "threads, 4294967297",
    "token_budget, \"x\"",
    "token_budget, 99999999999",
    "date, \"x\"",
    "ratio, 0",
    "ratio, 1e999",
  })
  void figuresThatCannotBeAreOneWarning(String member, String value) throws Exception {
    file().put(KEY, FIGURES);
    String text = Files.readString(path());
    Files.writeString(path(), text.replaceFirst("(\"" + member + "\" : )[^,}\\s]*", "$1" + value));
    assertThat(path()).content().contains(value);
    assertThat(file().find(KEY)).isEmpty();
    assertOneWarning();
  }

  @Test
  void aFolderInItsPlaceIsOneWarning() throws Exception {
    Files.createDirectory(path());
    assertThat(file().find(KEY)).isEmpty();
    assertOneWarning();
    assertThatThrownBy(() -> file().put(KEY, FIGURES)).isInstanceOf(IOException.class);
  }

  @Test
  void writersAtOnceLeaveAWholeFile() throws Exception {
    List<Thread> writers = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      int threads = i;
      writers.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int n = 0; n < 50; n++) {
                  put(threads);
                }
              }));
    }
    for (Thread writer : writers) {
      writer.join();
    }
    assertThat(file().find(KEY)).isPresent();
    assertThat(log.list).isEmpty();
  }

  private void put(int threads) {
    try {
      file().put(KEY, new Calibrated(threads, 512, FIGURES.date(), 1.1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
