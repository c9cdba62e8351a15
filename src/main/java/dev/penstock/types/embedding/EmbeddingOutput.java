package dev.penstock.types.embedding;

import dev.penstock.task.TaskOutput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Embedding vectors as they are kept: float32, little endian, one after the other in the order of
 * the inputs, behind a header of four int32 (count, dimensions, prompt tokens, texts cut).
 *
 * @param vectors {@code count × dimensions} floats; shared, not copied
 * @param promptTokens tokens the model read, special tokens included
 * @param truncated how many texts were cut to the model's limit
 */
record EmbeddingOutput(
    int count, int dimensions, long promptTokens, int truncated, ByteBuffer vectors) {
  private static final int HEADER_BYTES = 4 * Integer.BYTES;

  EmbeddingOutput {
    if (vectors.remaining() != (long) count * dimensions * Float.BYTES) {
      throw new IllegalArgumentException(
          "%d vectors of %d floats do not fill %d bytes"
              .formatted(count, dimensions, vectors.remaining()));
    }
  }

  static EmbeddingOutput of(TaskOutput output) {
    if (output.format() != TaskOutput.Format.EMBEDDINGS) {
      throw new IllegalArgumentException("not embeddings: " + output.format());
    }
    ByteBuffer all = ByteBuffer.wrap(output.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    int count = all.getInt();
    int dimensions = all.getInt();
    int promptTokens = all.getInt();
    int truncated = all.getInt();
    return new EmbeddingOutput(
        count, dimensions, promptTokens, truncated, all.slice().order(ByteOrder.LITTLE_ENDIAN));
  }

  /**
   * Vectors as a task's output.
   *
   * @param rows each of {@code dimensions} floats
   */
  static TaskOutput toOutput(int dimensions, long promptTokens, int truncated, float[][] rows) {
    byte[] all = withHeader(rows.length, dimensions, promptTokens, truncated);
    FloatBuffer vectors =
        ByteBuffer.wrap(all, HEADER_BYTES, all.length - HEADER_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    for (float[] row : rows) {
      vectors.put(row);
    }
    return new TaskOutput(TaskOutput.Format.EMBEDDINGS, all);
  }

  private static byte[] withHeader(int count, int dimensions, long promptTokens, int truncated) {
    byte[] all = new byte[Math.addExact(HEADER_BYTES, count * dimensions * Float.BYTES)];
    ByteBuffer.wrap(all)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(count)
        .putInt(dimensions)
        .putInt(Math.toIntExact(promptTokens))
        .putInt(truncated);
    return all;
  }

  TaskOutput toOutput() {
    byte[] all = withHeader(count, dimensions, promptTokens, truncated);
    ByteBuffer.wrap(all).position(HEADER_BYTES).put(vectors.duplicate());
    return new TaskOutput(TaskOutput.Format.EMBEDDINGS, all);
  }

  /** A copy of the vector at {@code index}. */
  float[] vector(int index) {
    float[] row = new float[dimensions];
    vectors
        .duplicate()
        .order(ByteOrder.LITTLE_ENDIAN)
        .position(vectors.position() + index * dimensions * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(row);
    return row;
  }
}
