package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class DeviceTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(Device.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
  }

  @Test
  void autoWithoutCudaIsTheCpuAndOneLogLine() {
    Device device =
        Device.choose(
            "auto",
            () -> Optional.of("no NVIDIA driver found"),
            index -> {
              throw new AssertionError("tried although there is no driver");
            });

    assertThat(device).isEqualTo(new Device.Cpu());
    assertLine(Level.INFO, "no NVIDIA driver found");
  }

  @Test
  void autoTriesTheFirstGpuWhereThereMayBeOne() {
    assertThat(Device.choose("auto", Optional::empty, index -> {})).isEqualTo(new Device.Cuda(0));
    assertLine(Level.INFO, "cuda:0");
  }

  @Test
  void cudaThatCannotBeLoadedIsTheCpuAndOneWarning() {
    Device device =
        Device.choose(
            "cuda:1",
            Optional::empty,
            index -> {
              throw new IllegalStateException(
                  "driver " + index + " is too old\nat some native frame");
            });

    assertThat(device).isEqualTo(new Device.Cpu());
    assertLine(Level.WARN, "cuda:1 cannot be used: driver 1 is too old");
  }

  /** With the build's own ONNX Runtime: on a machine with a GPU and the GPU build it is loaded. */
  @Test
  void cudaOfThisBuildLoadsOrFallsBackWithOneLine() {
    Device device = Backends.local().device("cuda:0");

    switch (device) {
      case Device.Cpu() -> assertLine(Level.WARN, "models run on cpu: cuda:0 cannot be used: ");
      case Device.Cuda(int index) -> assertLine(Level.INFO, "models run on cuda:" + index);
    }
  }

  @Test
  void theCpuIsTakenAsAsked() {
    assertThat(Backends.local().device("cpu")).isEqualTo(new Device.Cpu());
    assertLine(Level.INFO, "as asked");
  }

  @Test
  void anythingElseIsRefusedByName() {
    for (String asked : new String[] {"", "gpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "CPU"}) {
      assertThatThrownBy(() -> Backends.local().device(asked))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("inference.device")
          .hasMessageContaining("'" + asked + "'");
    }
  }

  @Test
  void limitsComeFromTheDeviceUnlessSet() {
    Device cpu = new Device.Cpu();
    BatchLimits chosen =
        BatchLimits.of(cpu, new TestModels.InferenceSettings("cpu", 0, 0, 1), Optional.empty());
    BatchLimits set =
        BatchLimits.of(cpu, new TestModels.InferenceSettings("cpu", 3, 99, 1), Optional.empty());

    assertThat(chosen.threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(chosen.tokenBudget()).isEqualTo(512);
    assertThat(set.threads()).isEqualTo(3);
    assertThat(set.tokenBudget()).isEqualTo(99);
    assertThat(
            BatchLimits.of(
                    new Device.Cuda(0),
                    new TestModels.InferenceSettings("auto", 0, 0, 1),
                    Optional.empty())
                .tokenBudget())
        .isEqualTo(16_384);
  }

  private void assertLine(Level level, String text) {
    assertThat(log.list).hasSize(1);
    assertThat(log.list.getFirst().getLevel()).isEqualTo(level);
    assertThat(log.list.getFirst().getFormattedMessage()).contains(text).doesNotContain("\n");
  }
}
