package dev.penstock.types.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.penstock.task.TaskOutput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class EmbeddingOutputTest {
  private static final float[][] ROWS = {
    {0.25f, -1f, Float.MIN_VALUE}, {1f / 3, 0f, -0f},
  };

  @Test
  void vectorsComeBackBitByBit() {
    EmbeddingOutput kept = EmbeddingOutput.of(EmbeddingOutput.toOutput(3, 17, 1, ROWS));
    assertThat(kept.count()).isEqualTo(2);
    assertThat(kept.dimensions()).isEqualTo(3);
    assertThat(kept.promptTokens()).isEqualTo(17);
    assertThat(kept.truncated()).isEqualTo(1);
    for (int i = 0; i < ROWS.length; i++) {
      assertThat(kept.vector(i)).containsExactly(ROWS[i]);
    }
  }

  @Test
  void theBytesAreAHeaderAndLittleEndianFloats() {
    TaskOutput output = EmbeddingOutput.toOutput(1, 5, 0, new float[][] {{1f}});
    assertThat(output.format()).isEqualTo(TaskOutput.Format.EMBEDDINGS);
    assertThat(HexFormat.of().formatHex(output.bytes()))
        .isEqualTo("01000000" + "01000000" + "05000000" + "00000000" + "0000803f");
  }

  @Test
  void readingAVectorMovesNothing() {
    EmbeddingOutput output = EmbeddingOutput.of(EmbeddingOutput.toOutput(3, 0, 0, ROWS));
    output.vector(1);
    output.toOutput();
    assertThat(output.vector(1)).containsExactly(ROWS[1]);
    assertThat(output.toOutput().bytes()).hasSize(4 * 4 + 2 * 3 * 4);
  }

  @Test
  void noTextsAreNoVectors() {
    EmbeddingOutput kept = EmbeddingOutput.of(EmbeddingOutput.toOutput(384, 0, 0, new float[0][]));
    assertThat(kept.count()).isZero();
    assertThat(kept.vectors().remaining()).isZero();
  }

  @Test
  void bytesThatAreNoEmbeddingsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> EmbeddingOutput.of(new TaskOutput(TaskOutput.Format.JSON, "{}".getBytes(UTF_8))));
    byte[] shortened =
        ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putInt(2).putInt(3).array();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> EmbeddingOutput.of(new TaskOutput(TaskOutput.Format.EMBEDDINGS, shortened)));
  }
}
