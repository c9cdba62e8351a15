package dev.penstock.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.penstock.engine.Backends;
import dev.penstock.testing.TinyOnnx;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said to be too new is what ONNX Runtime refuses, and nothing else. */
final class OnnxVersionsTest {
  @TempDir Path folder;

  /** It makes the environment as the program does: there is one in a process. */
  @BeforeAll
  static void environment() {
    assertThat(Backends.local().version()).isNotEmpty();
  }

  private static TinyOnnx model() {
    return new TinyOnnx()
        .input("input_ids")
        .table("table", new float[][] {{1, 2}})
        .node("Gather", "words", "table", "input_ids")
        .output("words", 3);
  }

  private void open(TinyOnnx onnx) throws Exception {
    Path file = onnx.write(folder.resolve("model.onnx"));
    try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString())) {
      assertThat(session.getInputNames()).containsExactly("input_ids");
    }
  }

  @Test
  void theNewestVersionsOpen() throws Exception {
    open(model().ir(OnnxFile.NEWEST_IR).opset(OnnxFile.NEWEST_OPSET));
  }

  @Test
  void theNextOnesDoNot() {
    assertThatThrownBy(() -> open(model().ir(OnnxFile.NEWEST_IR + 1)))
        .isInstanceOf(OrtException.class);
    assertThatThrownBy(() -> open(model().opset(OnnxFile.NEWEST_OPSET + 1)))
        .isInstanceOf(OrtException.class);
  }
}
