package dev.penstock.engine.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.penstock.engine.Device;
import dev.penstock.engine.Encoder;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Pooling;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transformer encoder in ONNX Runtime: token ids in, one vector of length 1 for each sequence
 * out. One session, which any number of platform threads may {@link #run} at once, each run on the
 * thread that calls it.
 */
final class OnnxModel implements Encoder {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxModel.class);
  private static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final String POSITIONS = "position_ids";
  private static final Set<String> KNOWN_INPUTS = Set.of(IDS, MASK, TYPES, POSITIONS);

  /** One vector for each text: pooled already. */
  private static final String POOLED = "sentence_embedding";

  /** The first of these that is there is read; where none is, the first output there is. */
  private static final List<String> OUTPUTS =
      List.of("last_hidden_state", "token_embeddings", POOLED);

  private static final int MIN_BUFFER_TOKENS = 512;

  private final String name;
  private final EmbeddingTraits traits;
  private final Device device;
  private final OrtSession session;
  private final Set<String> inputs;
  private final String output;
  private final boolean pooled;
  private final int padToken;

  /** Buffers between runs: as many as ever ran side by side. */
  private final ConcurrentLinkedQueue<Buffers> spare = new ConcurrentLinkedQueue<>();

  private OnnxModel(
      String name, EmbeddingTraits traits, Device device, OrtSession session, int padToken)
      throws OrtException {
    this.name = name;
    this.traits = traits;
    this.device = device;
    this.session = session;
    this.padToken = padToken;
    this.inputs = Set.copyOf(session.getInputNames());
    if (!inputs.contains(IDS) || !KNOWN_INPUTS.containsAll(inputs)) {
      throw new OrtException("inputs " + inputs + " are not those of a text encoder");
    }
    for (NodeInfo input : session.getInputInfo().values()) {
      if (!(input.getInfo() instanceof TensorInfo tensor) || tensor.type != OnnxJavaType.INT64) {
        throw new OrtException("input " + input.getName() + " does not take int64");
      }
    }
    Map<String, NodeInfo> outputs = session.getOutputInfo();
    this.output =
        OUTPUTS.stream()
            .filter(outputs::containsKey)
            .findFirst()
            .orElseGet(() -> outputs.keySet().iterator().next());
    this.pooled = output.equals(POOLED);
    check(Objects.requireNonNull(outputs.get(output)));
  }

  private void check(NodeInfo node) throws OrtException {
    int axes = pooled ? 2 : 3;
    if (!(node.getInfo() instanceof TensorInfo tensor)
        || tensor.getShape().length != axes
        || (tensor.getShape()[axes - 1] > 0
            && tensor.getShape()[axes - 1] != traits.dimensions())) {
      throw new OrtException(
          "output %s is not one vector of %d numbers for each %s"
              .formatted(output, traits.dimensions(), pooled ? "text" : "token"));
    }
    if (tensor.type != OnnxJavaType.FLOAT) {
      throw new OrtException("output " + output + " is " + tensor.type + ", not float32");
    }
  }

  /**
   * Opens the model on the device, or on the CPU with a log line where the GPU does not take it.
   * Blocks in native code: for platform threads.
   *
   * @param padToken fills up the shorter texts of a batch
   */
  public static OnnxModel open(
      String name, EmbeddingTraits traits, Path file, Device device, int padToken)
      throws OrtException {
    if (device instanceof Device.Cuda cuda) {
      try {
        return openOn(name, traits, file, device, padToken);
      } catch (OrtException e) {
        LOG.warn(
            "model {} runs on cpu: {} does not take it: {}",
            name,
            cuda.name(),
            Device.firstLine(e));
      }
    }
    return openOn(name, traits, file, new Device.Cpu(), padToken);
  }

  /** The process's one environment. */
  public static OrtEnvironment environment() {
    // Warnings go to standard error past our log, and errors come as exceptions too.
    return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "penstock");
  }

  private static OnnxModel openOn(
      String name, EmbeddingTraits traits, Path file, Device device, int padToken)
      throws OrtException {
    OrtEnvironment environment = environment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      // Runs side by side use the cores better than one run on several threads.
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      // A plan is kept for each input shape, and no two batches need have the same.
      options.setMemoryPatternOptimization(false);
      // Weights in the arena would make it grow in steps of their size.
      options.addConfigEntry("session.use_device_allocator_for_initializers", "1");
      if (device instanceof Device.Cuda(int index)) {
        options.addCUDA(index);
      }
      OrtSession session = environment.createSession(file.toString(), options);
      try {
        return new OnnxModel(name, traits, device, session, padToken);
      } catch (OrtException e) {
        session.close();
        throw e;
      }
    }
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public List<float[]> run(List<int[]> sequences) throws OrtException {
    int longest = sequences.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    Buffers buffers = spare.poll();
    if (buffers == null || !buffers.fit(sequences.size() * longest)) {
      buffers =
          new Buffers(
              roomFor(sequences.size() * longest), traits.dimensions(), inputs.contains(POSITIONS));
    }
    try {
      buffers.fill(sequences, longest, padToken, traits.inputs().firstPosition());
      int rows = pooled ? sequences.size() : sequences.size() * longest;
      buffers.hidden.clear().limit(rows * traits.dimensions());
      infer(buffers, sequences.size(), longest);
      return pooled
          ? read(buffers.hidden, sequences.size())
          : pool(buffers.hidden, sequences, longest);
    } finally {
      spare.add(buffers);
    }
  }

  /** No run may be under way. */
  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      LOG.warn("model {}: closing: {}", name, Device.firstLine(e));
    }
  }

  /** Powers of two: buffers settle at one size soon. */
  private static int roomFor(int tokens) {
    return Math.max(MIN_BUFFER_TOKENS, Integer.highestOneBit(Math.max(1, tokens - 1)) << 1);
  }

  private void infer(Buffers buffers, int count, int longest) throws OrtException {
    OrtEnvironment environment = environment();
    long[] shape = {count, longest};
    Map<String, OnnxTensor> tensors = new HashMap<>();
    // ONNX Runtime writes straight into our buffer, which saves two copies of the output.
    int dimensions = traits.dimensions();
    long[] outputShape =
        pooled ? new long[] {count, dimensions} : new long[] {count, longest, dimensions};
    try (OnnxTensor hidden = OnnxTensor.createTensor(environment, buffers.hidden, outputShape)) {
      for (String input : inputs) {
        LongBuffer values =
            switch (input) {
              case IDS -> buffers.ids;
              case MASK -> buffers.mask;
              case POSITIONS -> buffers.positions;
              default -> buffers.types;
            };
        tensors.put(input, OnnxTensor.createTensor(environment, values, shape));
      }
      session.run(tensors, Map.of(output, hidden)).close();
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private List<float[]> pool(FloatBuffer hidden, List<int[]> sequences, int longest) {
    int dimensions = traits.dimensions();
    float[] token = new float[dimensions];
    List<float[]> vectors = new ArrayList<>(sequences.size());
    for (int row = 0; row < sequences.size(); row++) {
      int tokens =
          switch (traits.pooling()) {
            case MEAN, MAX -> sequences.get(row).length;
            case CLS -> 1;
          };
      float[] sum = new float[dimensions];
      for (int t = 0; t < tokens; t++) {
        hidden.get((row * longest + t) * dimensions, token);
        for (int d = 0; d < dimensions; d++) {
          boolean larger = traits.pooling() == Pooling.MAX && t > 0;
          sum[d] = larger ? Math.max(sum[d], token[d]) : sum[d] + token[d];
        }
      }
      vectors.add(normalised(sum));
    }
    return vectors;
  }

  private List<float[]> read(FloatBuffer rows, int count) {
    List<float[]> vectors = new ArrayList<>(count);
    for (int row = 0; row < count; row++) {
      float[] vector = new float[traits.dimensions()];
      rows.get(row * vector.length, vector);
      vectors.add(normalised(vector));
    }
    return vectors;
  }

  /** To length 1; the mean's divisor cancels out. */
  private static float[] normalised(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double norm = Math.sqrt(squares);
    if (!Double.isFinite(norm) || norm == 0) {
      throw new IllegalStateException("the model's output is not a vector: its length is " + norm);
    }
    for (int d = 0; d < vector.length; d++) {
      vector[d] = (float) (vector[d] / norm);
    }
    return vector;
  }

  /** Native memory for one run. */
  private static final class Buffers {
    final LongBuffer ids;
    final LongBuffer mask;
    final LongBuffer types;
    final LongBuffer positions;
    final FloatBuffer hidden;

    Buffers(int tokens, int dimensions, boolean withPositions) {
      this.ids = longs(tokens);
      this.mask = longs(tokens);
      this.types = longs(tokens); // All zero: one text, no pair.
      this.positions = longs(withPositions ? tokens : 0);
      this.hidden =
          ByteBuffer.allocateDirect(Math.multiplyExact(tokens * Float.BYTES, dimensions))
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
    }

    boolean fit(int tokens) {
      return ids.capacity() >= tokens;
    }

    void fill(List<int[]> sequences, int longest, int padToken, int firstPosition) {
      ids.clear();
      mask.clear();
      for (int[] sequence : sequences) {
        for (int t = 0; t < longest; t++) {
          boolean real = t < sequence.length;
          ids.put(real ? sequence[t] : padToken);
          mask.put(real ? 1 : 0);
        }
      }
      ids.flip();
      mask.flip();
      types.clear().limit(ids.limit());
      if (positions.capacity() > 0) {
        position(sequences, longest, firstPosition);
      }
    }

    private void position(List<int[]> sequences, int longest, int first) {
      positions.clear();
      for (int[] sequence : sequences) {
        for (int t = 0; t < longest; t++) {
          positions.put(t < sequence.length ? first + t : Math.max(0, first - 1));
        }
      }
      positions.flip();
    }

    private static LongBuffer longs(int count) {
      return ByteBuffer.allocateDirect(Math.multiplyExact(count, Long.BYTES))
          .order(ByteOrder.nativeOrder())
          .asLongBuffer();
    }
  }
}
