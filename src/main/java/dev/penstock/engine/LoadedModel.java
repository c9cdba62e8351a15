package dev.penstock.engine;

import ai.onnxruntime.OrtException;
import dev.penstock.engine.onnx.OnnxModel;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.ModelFiles;
import dev.penstock.models.ModelSpec.Truncation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A model and its tokenizer, opened and tried out.
 *
 * @param file the ONNX file; one from inside the program has its checksum in its name
 */
public record LoadedModel(ModelSpec spec, Path file, Tokenizer tokenizer, OnnxModel model)
    implements AutoCloseable {

  /** Blocks in native code, for a second at most once the file is unpacked: platform threads. */
  public static LoadedModel open(ModelSpec spec, Device device, Path data)
      throws IOException, OrtException {
    Path file =
        switch (spec.files()) {
          case ModelFiles.Resources(String onnx, _) ->
              ResourceFile.unpack(onnx, data.toAbsolutePath().resolve("models"), spec.name());
          case ModelFiles.Folder(Path onnx, _, _, _) -> onnx;
        };
    Tokenizer tokenizer = Tokenizer.open(spec);
    try {
      Integer given = spec.inputs().padToken();
      int padToken = given == null ? tokenizer.padToken() : given;
      OnnxModel model = OnnxModel.open(spec, file, device, padToken);
      tryOut(model, tokenizer);
      return new LoadedModel(spec, file, tokenizer, model);
    } catch (OrtException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * What a model of somebody's own really takes and gives shows only in a run: two texts of unlike
   * length.
   */
  private static void tryOut(OnnxModel model, Tokenizer tokenizer) throws OrtException {
    try {
      model.run(
          Stream.of("a", "a longer text")
              .map(text -> tokenizer.encode(text, Truncation.END).ids())
              .toList());
    } catch (OrtException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** No run may be under way. */
  @Override
  public void close() {
    model.close();
    tokenizer.close();
  }
}
