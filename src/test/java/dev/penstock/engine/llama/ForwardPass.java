package dev.penstock.engine.llama;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A transformer of Llama's kind, in plain Java: what {@link LlamaContext} is held against. Reads a
 * GGUF of 32-bit floats, one text at a time, as slowly as it is short.
 */
final class ForwardPass {
  private static final double EPSILON = 1e-5;
  private static final double ROPE = 10_000;

  private final ByteBuffer in;
  private final Map<String, Object> metadata = new HashMap<>();
  private final Map<String, float[]> tensors = new HashMap<>();
  private final int layers;
  private final int heads;
  private final int cacheHeads;
  private final int width;
  private final int head;

  /** Of each layer: one row for each token read. */
  private final List<List<float[]>> keys = new ArrayList<>();

  private final List<List<float[]>> values = new ArrayList<>();

  ForwardPass(Path gguf) throws IOException {
    try (var channel = FileChannel.open(gguf)) {
      in =
          channel
              .map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
              .order(ByteOrder.LITTLE_ENDIAN);
    }
    in.position(8);
    long count = in.getLong();
    long pairs = in.getLong();
    for (long i = 0; i < pairs; i++) {
      String key = text();
      metadata.put(key, value(in.getInt()));
    }
    Map<String, int[]> places = new HashMap<>();
    for (long i = 0; i < count; i++) {
      String name = text();
      int size = 1;
      for (int dimensions = in.getInt(); dimensions > 0; dimensions--) {
        size *= (int) in.getLong();
      }
      if (in.getInt() != 0) {
        throw new IOException(name + " has no 32-bit floats");
      }
      places.put(name, new int[] {(int) in.getLong(), size});
    }
    int data = (in.position() + 31) / 32 * 32;
    places.forEach((name, place) -> {
      float[] tensor = new float[place[1]];
      in.position(data + place[0]);
      in.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(tensor);
      tensors.put(name, tensor);
    });
    layers = number("llama.block_count");
    heads = number("llama.attention.head_count");
    cacheHeads = number("llama.attention.head_count_kv");
    width = number("llama.embedding_length");
    head = width / heads;
  }

  private String text() {
    byte[] bytes = new byte[(int) in.getLong()];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private Object value(int type) {
    return switch (type) {
      case 0, 1, 7 -> (int) in.get();
      case 2, 3 -> (int) in.getShort();
      case 4, 5 -> in.getInt();
      case 6 -> in.getFloat();
      case 8 -> text();
      case 9 -> {
        int of = in.getInt();
        long count = in.getLong();
        for (long i = 0; i < count; i++) {
          Object _ = value(of);
        }
        yield count;
      }
      case 10, 11 -> in.getLong();
      case 12 -> in.getDouble();
      default -> throw new IllegalArgumentException("type " + type);
    };
  }

  private int number(String key) {
    return ((Number) Objects.requireNonNull(metadata.get(key))).intValue();
  }

  private float[] tensor(String name) {
    return Objects.requireNonNull(tensors.get(name + ".weight"));
  }

  /** The best tokens after a prompt, one after the other. */
  List<Integer> greedy(List<Integer> prompt, int count) {
    keys.clear();
    values.clear();
    for (int layer = 0; layer < layers; layer++) {
      keys.add(new ArrayList<>());
      values.add(new ArrayList<>());
    }
    float[] scores = {};
    for (int token : prompt) {
      scores = read(token);
    }
    List<Integer> made = new ArrayList<>();
    while (made.size() < count) {
      int best = 0;
      for (int id = 1; id < scores.length; id++) {
        best = scores[id] > scores[best] ? id : best;
      }
      made.add(best);
      scores = read(best);
    }
    return made;
  }

  private float[] read(int token) {
    int position = keys.getFirst().size();
    float[] x = new float[width];
    System.arraycopy(tensor("token_embd"), token * width, x, 0, width);
    for (int layer = 0; layer < layers; layer++) {
      String name = "blk." + layer + ".";
      float[] normed = norm(x, name + "attn_norm");
      keys.get(layer).add(turn(times(name + "attn_k", normed), position));
      values.get(layer).add(times(name + "attn_v", normed));
      float[] looked = attend(turn(times(name + "attn_q", normed), position), layer);
      add(x, times(name + "attn_output", looked));
      normed = norm(x, name + "ffn_norm");
      float[] gate = times(name + "ffn_gate", normed);
      float[] up = times(name + "ffn_up", normed);
      for (int i = 0; i < gate.length; i++) {
        up[i] *= (float) (gate[i] / (1 + Math.exp(-gate[i])));
      }
      add(x, times(name + "ffn_down", up));
    }
    boolean own = tensors.containsKey("output.weight");
    return times(own ? "output" : "token_embd", norm(x, "output_norm"));
  }

  private float[] attend(float[] query, int layer) {
    float[] out = new float[width];
    int read = keys.get(layer).size();
    for (int h = 0; h < heads; h++) {
      int from = h / (heads / cacheHeads) * head;
      double[] weights = new double[read];
      double all = 0;
      for (int t = 0; t < read; t++) {
        double dot = 0;
        for (int i = 0; i < head; i++) {
          dot += query[h * head + i] * keys.get(layer).get(t)[from + i];
        }
        weights[t] = Math.exp(dot / Math.sqrt(head));
        all += weights[t];
      }
      for (int t = 0; t < read; t++) {
        for (int i = 0; i < head; i++) {
          out[h * head + i] += (float) (weights[t] / all * values.get(layer).get(t)[from + i]);
        }
      }
    }
    return out;
  }

  /** Turns each pair of numbers by an angle that grows with the position. */
  private float[] turn(float[] row, int position) {
    for (int i = 0; i < row.length; i += 2) {
      double angle = position / Math.pow(ROPE, i % head / (double) head);
      double first = row[i];
      double second = row[i + 1];
      row[i] = (float) (first * Math.cos(angle) - second * Math.sin(angle));
      row[i + 1] = (float) (first * Math.sin(angle) + second * Math.cos(angle));
    }
    return row;
  }

  private float[] norm(float[] x, String name) {
    double squares = 0;
    for (float each : x) {
      squares += each * each;
    }
    double scale = 1 / Math.sqrt(squares / x.length + EPSILON);
    float[] weight = tensor(name);
    float[] out = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = (float) (x[i] * scale * weight[i]);
    }
    return out;
  }

  private float[] times(String name, float[] x) {
    float[] matrix = tensor(name);
    float[] out = new float[matrix.length / x.length];
    for (int row = 0; row < out.length; row++) {
      double sum = 0;
      for (int i = 0; i < x.length; i++) {
        sum += matrix[row * x.length + i] * x[i];
      }
      out[row] = (float) sum;
    }
    return out;
  }

  private static void add(float[] x, float[] more) {
    for (int i = 0; i < x.length; i++) {
      x[i] += more[i];
    }
  }
}
