package dev.penstock.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes model directories as Hugging Face exports them, of the models inside the program. */
public final class ModelFolders {
  public static final String CONFIG =
      """
      {"model_type": "bert", "hidden_size": 384, "max_position_embeddings": 512, "pad_token_id": 0}
      """;

  private ModelFolders() {}

  /** A directory with the int8 MiniLM; complete in one step, as a move into place makes it. */
  public static Path miniLm(Path models, String name) throws IOException {
    Path made = Files.createTempDirectory(Files.createDirectories(models), ".");
    fill(made);
    return Files.move(made, models.resolve(name));
  }

  /** A directory with a model of a few kilobytes that reads MiniLM's tokens. */
  public static Path tiny(Path models, String name, TinyOnnx onnx) throws IOException {
    Path made = Files.createTempDirectory(Files.createDirectories(models), ".");
    fillBeside(made);
    onnx.write(made.resolve("onnx/model.onnx"));
    return Files.move(made, models.resolve(name));
  }

  /** Writes all its files. */
  public static void fill(Path folder) throws IOException {
    fillBeside(folder);
    resource("all-minilm-l6-v2-q.onnx", folder.resolve("onnx/model.onnx"));
  }

  /** Writes all files but the model itself, which belongs into the folder {@code onnx}. */
  static void fillBeside(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("onnx"));
    resource("all-minilm-l6-v2-q-tokenizer.json", folder.resolve("tokenizer.json"));
    Files.writeString(folder.resolve("config.json"), CONFIG);
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling/config.json"), "{\"pooling_mode_mean_tokens\": true}");
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 256}");
    Files.writeString(
        folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 1000000000000000019884}");
  }

  private static void resource(String name, Path file) throws IOException {
    try (InputStream in = ModelFolders.class.getResourceAsStream("/" + name)) {
      if (in == null) {
        throw new IOException("no resource " + name);
      }
      Files.copy(in, file);
    }
  }
}
