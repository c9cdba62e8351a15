package dev.penstock.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Random;

/**
 * Models for tests whose subject is not what a model makes of a text: they open at once, and have
 * the tokens and the vector's length of the MiniLM inside the program. Vectors are the same for the
 * same text and differ between texts; they mean nothing.
 */
public final class TinyModel {
  /** A model that takes next to no time. */
  public static final String QUICK = "tiny";

  /** A model that needs milliseconds for each token, so that little work keeps it busy. */
  public static final String SLOW = "tiny-slow";

  private static final int DIMENSIONS = 384;
  private static final int ROWS = 251;

  /** About one millisecond a token on one core of 2025. */
  private static final int LAYERS = 100;

  private static final Path MODELS = made();

  private TinyModel() {}

  /** The folder with both, for {@code models.dir}. */
  public static Path models() {
    return MODELS;
  }

  /** Settings, as environment variables, with which the quick one is the default model. */
  public static Map<String, String> settings() {
    return settings(QUICK);
  }

  /** As the other, for any model. */
  public static Map<String, String> settings(String model) {
    // Tried once more in each of hundreds of starts it would find nothing new.
    return Map.of(
        "MODELS_DIR", MODELS.toString(), "EMBEDDING_MODEL", model, "MODEL_TRIAL", "false");
  }

  /** The lane of tasks for that model. */
  public static String lane(String model) {
    return "embedding." + model;
  }

  /** Test JVMs run side by side, so each has files of its own. */
  private static Path made() {
    try {
      Path models =
          Files.createDirectories(
              Path.of("target/tiny-models", System.getProperty("test.fork", "1")));
      write(models.resolve(QUICK), quick());
      write(models.resolve(SLOW), layers());
      return models.toAbsolutePath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path folder, TinyOnnx onnx) throws IOException {
    // Those that an earlier build left may lack what is newer.
    if (Files.notExists(folder.resolve("1_Pooling/config.json"))) {
      ModelFolders.fillBeside(folder);
    }
    // In one step: a program that another test has left running may read it just now.
    Path file = onnx.write(folder.resolve("onnx/.model"));
    Files.move(file, folder.resolve("onnx/model.onnx"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** A model that takes next to no time. */
  public static TinyOnnx quick() {
    return words().node("Identity", "last_hidden_state", "words").output("last_hidden_state", 3);
  }

  /** The beginning of one: a vector of 384 numbers, "words", for each token. */
  public static TinyOnnx words() {
    return new TinyOnnx()
        .input("input_ids")
        .table("table", random(ROWS, 1))
        .number("rows", ROWS)
        .node("Mod", "row", "input_ids", "rows")
        .node("Gather", "words", "table", "row");
  }

  /** One table used many times over: a small file and much work. */
  private static TinyOnnx layers() {
    // Each keeps a vector's length about as it is.
    TinyOnnx onnx = words().table("weights", random(DIMENSIONS, 1 / Math.sqrt(DIMENSIONS)));
    String last = "words";
    for (int layer = 1; layer <= LAYERS; layer++) {
      onnx.node("MatMul", "layer" + layer, last, "weights");
      last = "layer" + layer;
    }
    return onnx.node("Identity", "last_hidden_state", last).output("last_hidden_state", 3);
  }

  private static float[][] random(int rows, double size) {
    var random = new Random(1);
    var table = new float[rows][DIMENSIONS];
    for (float[] row : table) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (float) (random.nextGaussian() * size);
      }
    }
    return table;
  }
}
