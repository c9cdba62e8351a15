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
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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

  /**
   * The first of these that is there is read where none is named; where none is, the first output
   * there is.
   */
  private static final List<String> OUTPUTS =
      List.of("sentence_embedding", "last_hidden_state", "token_embeddings");

  private static final int TEXT_AXES = 2;
  private static final int TOKEN_AXES = 3;

  private static final int MIN_BUFFER_TOKENS = 512;

  private final String name;
  private final EmbeddingTraits traits;
  private final Device device;
  private final OrtSession session;
  private final Set<String> inputs;
  private final String output;
  private final boolean pooled;
  private final int padToken;

  /** The tokens of prefixes, which are left out of the pooling, the longest first. */
  private final List<int[]> leftOut;

  /** Only texts of one length run together: padding would change their vectors. */
  private volatile boolean evenly;

  /** Buffers between runs: as many as ever ran side by side. */
  private final ConcurrentLinkedQueue<Buffers> spare = new ConcurrentLinkedQueue<>();

  private OnnxModel(
      String name,
      EmbeddingTraits traits,
      Device device,
      OrtSession session,
      int padToken,
      List<int[]> leftOut)
      throws OrtException {
    this.name = name;
    this.traits = traits;
    this.device = device;
    this.session = session;
    this.padToken = padToken;
    this.leftOut =
        leftOut.stream()
            .sorted(Comparator.comparingInt((int[] ids) -> ids.length).reversed())
            .toList();
    this.inputs = Set.copyOf(session.getInputNames());
    if (!inputs.contains(IDS) || !KNOWN_INPUTS.containsAll(inputs)) {
      throw new OrtException("inputs " + inputs + " are not those of a text encoder");
    }
    for (NodeInfo input : session.getInputInfo().values()) {
      if (!(input.getInfo() instanceof TensorInfo tensor) || tensor.type != OnnxJavaType.INT64) {
        throw new OrtException("input " + input.getName() + " does not take int64");
      }
    }
    this.evenly = !inputs.contains(MASK);
    Map<String, NodeInfo> outputs = session.getOutputInfo();
    String named = traits.output().name();
    this.output =
        named != null
            ? named
            : OUTPUTS.stream()
                .filter(outputs::containsKey)
                .findFirst()
                .orElseGet(() -> outputs.keySet().iterator().next());
    NodeInfo read = outputs.get(output);
    if (read == null) {
      throw new OrtException("there is no output " + output);
    }
    this.pooled = output.equals(OUTPUTS.getFirst()) || (named != null && axes(read) == TEXT_AXES);
    check(read);
  }

  /** 0: it does not say, or is no tensor. */
  private static int axes(NodeInfo node) {
    return node.getInfo() instanceof TensorInfo tensor ? tensor.getShape().length : 0;
  }

  private void check(NodeInfo node) throws OrtException {
    int axes = pooled ? TEXT_AXES : TOKEN_AXES;
    if (!(node.getInfo() instanceof TensorInfo tensor) || tensor.getShape().length != axes) {
      throw wrongOutput();
    }
    long width = tensor.getShape()[axes - 1];
    if (width > 0) {
      checkWidth(width);
    }
    if (tensor.type != OnnxJavaType.FLOAT) {
      throw new OrtException("output " + output + " is " + tensor.type + ", not float32");
    }
  }

  private void checkWidth(long width) throws OrtException {
    if (width != traits.dimensions()) {
      throw new OrtException(
          "output %s has %d numbers, not %d: write 'dimensions: %d' into model.yaml if that is right"
              .formatted(output, width, traits.dimensions(), width));
    }
  }

  private OrtException wrongOutput() {
    return new OrtException(
        "output %s is not one vector of %d numbers for each %s"
            .formatted(output, traits.dimensions(), pooled ? "text" : "token"));
  }

  /**
   * Opens the model on the device, or on the CPU with a log line where the GPU does not take it.
   * Blocks in native code: for platform threads.
   *
   * @param padToken fills up the shorter texts of a batch
   */
  static OnnxModel open(String name, EmbeddingTraits traits, Path file, Device device, int padToken)
      throws OrtException {
    return open(name, traits, file, device, padToken, List.of());
  }

  /**
   * The same.
   *
   * @param leftOut beginnings of texts that are left out of the pooling
   */
  static OnnxModel open(
      String name,
      EmbeddingTraits traits,
      Path file,
      Device device,
      int padToken,
      List<int[]> leftOut)
      throws OrtException {
    if (device instanceof Device.Cuda cuda) {
      try {
        return openOn(name, traits, file, device, padToken, leftOut);
      } catch (OrtException e) {
        LOG.warn(
            "model {} runs on cpu: {} does not take it: {}",
            name,
            cuda.name(),
            Device.firstLine(e));
      }
    }
    return openOn(name, traits, file, new Device.Cpu(), padToken, leftOut);
  }

  /** The process's one environment. */
  public static OrtEnvironment environment() {
    // Warnings go to standard error past our log, and errors come as exceptions too.
    return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "penstock");
  }

  private static OnnxModel openOn(
      String name,
      EmbeddingTraits traits,
      Path file,
      Device device,
      int padToken,
      List<int[]> leftOut)
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
        return new OnnxModel(name, traits, device, session, padToken, leftOut);
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
    if (!evenly) {
      return run(sequences, padToken);
    }
    Map<Integer, List<Integer>> byLength = new TreeMap<>();
    for (int i = 0; i < sequences.size(); i++) {
      byLength.computeIfAbsent(sequences.get(i).length, _ -> new ArrayList<>()).add(i);
    }
    float[][] vectors = new float[sequences.size()][];
    for (List<Integer> alike : byLength.values()) {
      List<float[]> ran = run(alike.stream().map(sequences::get).toList(), padToken);
      for (int i = 0; i < alike.size(); i++) {
        vectors[alike.get(i)] = ran.get(i);
      }
    }
    return List.of(vectors);
  }

  /** All of them at once, the shorter ones filled up with that token. */
  List<float[]> run(List<int[]> sequences, int filler) throws OrtException {
    int longest = sequences.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    Buffers buffers = spare.poll();
    if (buffers == null || !buffers.fit(sequences.size() * longest)) {
      buffers =
          new Buffers(
              roomFor(sequences.size() * longest), traits.dimensions(), inputs.contains(POSITIONS));
    }
    try {
      buffers.fill(sequences, longest, filler, traits.inputs().firstPosition());
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

  /** From now on only texts of one length run together. */
  void runEvenly() {
    evenly = true;
  }

  /** Whether only texts of one length run together. */
  boolean runsEvenly() {
    return evenly;
  }

  /**
   * Runs a text and gives room to whatever comes: what a model of somebody's own really gives shows
   * only then.
   *
   * @throws OrtException when its output is not as wide as its vectors are to be
   */
  void tryWidth(int[] sequence) throws OrtException {
    checkWidth(rows(sequence, output)[0].length);
  }

  /** The text's vector, pooled from another output, which has one for each token. */
  float[] pooledFrom(String tokens, int[] sequence) throws OrtException {
    float[][] rows = rows(sequence, tokens);
    float[] flat = new float[rows.length * traits.dimensions()];
    for (int t = 0; t < rows.length; t++) {
      if (rows[t].length != traits.dimensions()) {
        return new float[0]; // layers behind the pooling have made it narrower
      }
      System.arraycopy(rows[t], 0, flat, t * rows[t].length, rows[t].length);
    }
    return pool(FloatBuffer.wrap(flat), List.of(sequence), sequence.length).getFirst();
  }

  /** One text's output: a row for each token, or one. */
  private float[][] rows(int[] sequence, String from) throws OrtException {
    Buffers buffers = new Buffers(sequence.length, 1, inputs.contains(POSITIONS));
    buffers.fill(List.of(sequence), sequence.length, padToken, traits.inputs().firstPosition());
    Map<String, OnnxTensor> given = tensors(buffers, 1, sequence.length);
    try (OrtSession.Result result = session.run(given, Set.of(from))) {
      return switch (result.get(0).getValue()) {
        case float[][] text when text.length == 1 -> text;
        case float[][][] tokens when tokens.length == 1 && tokens[0].length == sequence.length ->
            tokens[0];
        default -> throw wrongOutput();
      };
    } finally {
      given.values().forEach(OnnxTensor::close);
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
    // ONNX Runtime writes straight into our buffer, which saves two copies of the output.
    int dimensions = traits.dimensions();
    long[] outputShape =
        pooled ? new long[] {count, dimensions} : new long[] {count, longest, dimensions};
    Map<String, OnnxTensor> given = tensors(buffers, count, longest);
    try (OnnxTensor hidden = OnnxTensor.createTensor(environment(), buffers.hidden, outputShape)) {
      session.run(given, Map.of(output, hidden)).close();
    } finally {
      given.values().forEach(OnnxTensor::close);
    }
  }

  /** The inputs, for the caller to close. */
  private Map<String, OnnxTensor> tensors(Buffers buffers, int count, int longest)
      throws OrtException {
    long[] shape = {count, longest};
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try {
      for (String input : inputs) {
        LongBuffer values =
            switch (input) {
              case IDS -> buffers.ids;
              case MASK -> buffers.mask;
              case POSITIONS -> buffers.positions;
              default -> buffers.types;
            };
        tensors.put(input, OnnxTensor.createTensor(environment(), values, shape));
      }
      return tensors;
    } catch (OrtException | RuntimeException e) {
      tensors.values().forEach(OnnxTensor::close);
      throw e;
    }
  }

  private List<float[]> pool(FloatBuffer hidden, List<int[]> sequences, int longest) {
    int dimensions = traits.dimensions();
    float[] token = new float[dimensions];
    List<float[]> vectors = new ArrayList<>(sequences.size());
    for (int row = 0; row < sequences.size(); row++) {
      boolean first = traits.pooling() == Pooling.CLS;
      int from = first ? 0 : leftOut(sequences.get(row));
      int to = first ? 1 : sequences.get(row).length;
      float[] sum = new float[dimensions];
      for (int t = from; t < to; t++) {
        hidden.get((row * longest + t) * dimensions, token);
        for (int d = 0; d < dimensions; d++) {
          boolean larger = traits.pooling() == Pooling.MAX && t > from;
          sum[d] = larger ? Math.max(sum[d], token[d]) : sum[d] + token[d];
        }
      }
      // Scaled to length 1 it is the same without the divisor.
      if (traits.pooling() == Pooling.MEAN && !traits.output().normalise()) {
        for (int d = 0; d < dimensions; d++) {
          sum[d] /= to - from;
        }
      }
      vectors.add(finished(sum));
    }
    return vectors;
  }

  /** How many tokens at the text's beginning are left out of the pooling. */
  private int leftOut(int[] sequence) {
    for (int[] beginning : leftOut) {
      if (beginning.length < sequence.length
          && Arrays.equals(sequence, 0, beginning.length, beginning, 0, beginning.length)) {
        return beginning.length;
      }
    }
    return 0;
  }

  private List<float[]> read(FloatBuffer rows, int count) {
    List<float[]> vectors = new ArrayList<>(count);
    for (int row = 0; row < count; row++) {
      float[] vector = new float[traits.dimensions()];
      rows.get(row * vector.length, vector);
      vectors.add(finished(vector));
    }
    return vectors;
  }

  /** To length 1, unless it is to stay as it is. */
  private float[] finished(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double norm = Math.sqrt(squares);
    if (!Double.isFinite(norm) || norm == 0) {
      throw new IllegalStateException("the model's output is not a vector: its length is " + norm);
    }
    for (int d = 0; d < vector.length && traits.output().normalise(); d++) {
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
