package dev.penstock.bench.parts;

import dev.penstock.bench.Server;
import dev.penstock.testing.TinyOnnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A model that costs next to nothing: each text's vector is looked up by its first token. What is
 * left is what the program costs, as if the GPU were infinitely fast.
 */
final class NullModel {
  static final String NAME = "null";
  private static final int DIMENSIONS = 384;

  /** The first token of every text is [CLS], 101. */
  private static final int TOKENS = 102;

  private final Path folder;

  private NullModel(Path folder) {
    this.folder = folder;
  }

  static NullModel write(Path folder) throws IOException {
    Files.createDirectories(folder);
    float[][] table = new float[TOKENS][DIMENSIONS];
    for (float[] row : table) {
      row[0] = 1;
      row[1] = 2;
    }
    new TinyOnnx()
        .input("input_ids")
        .input("attention_mask")
        .table("table", table)
        .first("first", "input_ids")
        .node("Gather", "sentence_embedding", "table", "first")
        .output("sentence_embedding", 2)
        .write(folder.resolve("null.onnx"));
    Files.writeString(
        folder.resolve("models.yaml"),
        """
        models:
          - name: null
            source:
              onnx: classpath:null.onnx
              tokenizer: classpath:all-minilm-l6-v2-tokenizer.json
            pooling: mean
            max_tokens: 256
            dimensions: %d
            truncate: end
            token_ids: own
        """
            .replace("name: null", "name: '" + NAME + "'")
            .formatted(DIMENSIONS));
    return new NullModel(folder);
  }

  /** The settings of a server that has it, and takes batches as for a GPU. */
  Map<String, String> settings(Map<String, String> more) {
    Map<String, String> all = Server.withoutCache(more);
    // The only way to bring a resource to `java -jar`.
    all.put("JAVA_TOOL_OPTIONS", "-Xbootclasspath/a:" + folder);
    all.put("MODELS_FILE", folder.resolve("models.yaml").toString());
    all.put("EMBEDDING_MODEL", NAME);
    all.put("INFERENCE_TOKEN_BUDGET", "16384");
    return all;
  }
}
