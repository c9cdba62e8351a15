package dev.penstock.types.embedding;

import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.TokenizerThreads;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import java.util.List;
import java.util.stream.IntStream;

/** Embeddings for the tests of other rooms, which do not see how this one keeps them. */
public final class TestEmbeddings {
  private TestEmbeddings() {}

  /** What is in an output, as {@link EmbeddingOutput} reads it. */
  public record Read(int dimensions, long promptTokens, int truncated, List<float[]> vectors) {}

  /** The handler, keeping no vectors. */
  public static TaskHandler handler(ModelEngines engines, TokenizerThreads threads) {
    return new EmbeddingHandler(engines, threads, new VectorCache(0));
  }

  public static TaskOutput output(
      int dimensions, long promptTokens, int truncated, float[][] rows) {
    return EmbeddingOutput.toOutput(dimensions, promptTokens, truncated, rows);
  }

  public static Read read(TaskOutput output) {
    EmbeddingOutput read = EmbeddingOutput.of(output);
    return new Read(
        read.dimensions(),
        read.promptTokens(),
        read.truncated(),
        IntStream.range(0, read.count()).mapToObj(read::vector).toList());
  }
}
