package dev.penstock.bench.peers;

import dev.penstock.bench.bare.BareModel;
import dev.penstock.testing.Api;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The default model's own files in a folder, laid out as Hugging Face has them. */
public final class PeerModel {
  private PeerModel() {}

  /**
   * Writes them below a folder; returns the model's.
   *
   * @param maxTokens where whoever reads the files should cut a text
   */
  public static Path write(Path folder, int maxTokens) throws IOException {
    Path model = folder.resolve(BareModel.NAME);
    Files.createDirectories(model.resolve("onnx"));
    copy(BareModel.NAME + ".onnx", model.resolve("onnx/model.onnx"));
    copy(BareModel.NAME + "-tokenizer.json", model.resolve("tokenizer.json"));
    Files.writeString(
        model.resolve("config.json"),
        Api.JSON.createObjectNode().put("model_type", "bert").toString());
    Files.writeString(
        model.resolve("tokenizer_config.json"),
        Api.JSON
            .createObjectNode()
            .put("tokenizer_class", "BertTokenizer")
            .put("model_max_length", maxTokens)
            .put("pad_token", "[PAD]")
            .put("unk_token", "[UNK]")
            .put("cls_token", "[CLS]")
            .put("sep_token", "[SEP]")
            .put("mask_token", "[MASK]")
            .toString());
    return model;
  }

  private static void copy(String resource, Path file) throws IOException {
    try (InputStream stream = BareModel.resource(resource)) {
      Files.copy(stream, file);
    }
  }
}
