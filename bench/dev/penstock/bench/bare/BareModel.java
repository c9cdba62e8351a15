package dev.penstock.bench.bare;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.penstock.testing.Vectors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The reference: the default model straight through ONNX Runtime, from text to vector of length 1,
 * with nothing around it. Shares no code with the program. Any number of platform threads may use
 * one at a time.
 */
public final class BareModel implements AutoCloseable {
  public static final String NAME = "all-minilm-l6-v2";
  private static final String MAX_TOKENS = "256";

  private final HuggingFaceTokenizer tokenizer;
  private final OrtEnvironment environment;
  private final OrtSession session;

  private BareModel(
      HuggingFaceTokenizer tokenizer, OrtEnvironment environment, OrtSession session) {
    this.tokenizer = tokenizer;
    this.environment = environment;
    this.session = session;
  }

  /**
   * Opens the model with ONNX Runtime's default options but for the number of threads.
   *
   * @param threads threads that one run is spread over
   */
  public static BareModel open(int threads) throws IOException, OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (InputStream json = resource(NAME + "-tokenizer.json");
        InputStream onnx = resource(NAME + ".onnx");
        var options = new OrtSession.SessionOptions()) {
      HuggingFaceTokenizer tokenizer =
          HuggingFaceTokenizer.newInstance(
              json,
              Map.of(
                  "padding",
                  "false",
                  "truncation",
                  "true",
                  "maxLength",
                  MAX_TOKENS,
                  "modelMaxLength",
                  MAX_TOKENS));
      options.setIntraOpNumThreads(threads);
      return new BareModel(
          tokenizer, environment, environment.createSession(onnx.readAllBytes(), options));
    }
  }

  /** A file of a model, from the class path. */
  public static InputStream resource(String name) throws IOException {
    InputStream stream = BareModel.class.getClassLoader().getResourceAsStream(name);
    if (stream == null) {
      throw new IOException("not on the class path: " + name);
    }
    return stream;
  }

  public long[] tokenise(String text) {
    return tokenizer.encode(text, true, false).getIds();
  }

  /** One vector for each sequence, in order. */
  public float[][] run(List<long[]> sequences) throws OrtException {
    int rows = sequences.size();
    int longest = sequences.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    long[] ids = new long[rows * longest];
    long[] mask = new long[rows * longest];
    for (int row = 0; row < rows; row++) {
      long[] sequence = sequences.get(row);
      System.arraycopy(sequence, 0, ids, row * longest, sequence.length);
      Arrays.fill(mask, row * longest, row * longest + sequence.length, 1);
    }
    long[] shape = {rows, longest};
    try (var idTensor = OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape);
        var maskTensor = OnnxTensor.createTensor(environment, LongBuffer.wrap(mask), shape);
        var typeTensor =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(new long[rows * longest]), shape);
        var result =
            session.run(
                Map.of(
                    "input_ids", idTensor,
                    "attention_mask", maskTensor,
                    "token_type_ids", typeTensor))) {
      if (!(result.get(0) instanceof OnnxTensor hidden)) {
        throw new OrtException("the model's first output is no tensor");
      }
      int dimensions = Math.toIntExact(hidden.getInfo().getShape()[2]);
      FloatBuffer values = hidden.getFloatBuffer();
      float[][] vectors = new float[rows][];
      for (int row = 0; row < rows; row++) {
        vectors[row] =
            mean(values, row * longest * dimensions, sequences.get(row).length, dimensions);
      }
      return vectors;
    }
  }

  private static float[] mean(FloatBuffer values, int start, int tokens, int dimensions) {
    float[] token = new float[dimensions];
    float[] sum = new float[dimensions];
    for (int t = 0; t < tokens; t++) {
      values.get(start + t * dimensions, token);
      for (int d = 0; d < dimensions; d++) {
        sum[d] += token[d];
      }
    }
    double squares = 0;
    for (float value : sum) {
      squares += (double) value * value;
    }
    double norm = Math.sqrt(squares);
    for (int d = 0; d < dimensions; d++) {
      sum[d] = (float) (sum[d] / norm);
    }
    return sum;
  }

  @Override
  public void close() throws OrtException {
    session.close();
    tokenizer.close();
  }

  /** Speed counts only where the answer is right. */
  public static void requireAlike(String what, float[] vector, float[] reference, double least) {
    double cosine = Vectors.cosine(vector, reference);
    if (!(cosine >= least)) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "cosine %.6f to the bare model's vector: %s", cosine, what));
    }
  }
}
