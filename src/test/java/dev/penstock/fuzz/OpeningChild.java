package dev.penstock.fuzz;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.penstock.engine.Backends;
import dev.penstock.engine.NativeLibraries;
import dev.penstock.engine.Tokenizer;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelFiles;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildLoop;
import dev.penstock.subprocess.ChildProgram;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A child process that opens a model's tokenizer and its file by the native libraries. */
final class OpeningChild implements ChildProgram {
  /** The directory's name. */
  static final String MODEL = "model";

  private OpeningChild() {}

  /** As a parent starts it. */
  public static void main(String[] arguments) {
    NativeLibraries.prepare(Path.of("target/fuzz"));
    ChildLoop.run(new OpeningChild(), Long.parseLong(arguments[2]));
  }

  /**
   * @param request the path of models.dir
   */
  @Override
  public byte[] answer(byte[] request) throws Exception {
    Path dir = Path.of(new String(request, StandardCharsets.UTF_8));
    ModelSpec spec =
        ModelCatalogue.load(Backends.BUILT_IN.forms(), null, dir).known(MODEL).orElseThrow();
    var files = (ModelFiles.Folder) spec.sources().getFirst();
    try (var tokenizer = Tokenizer.open(files, EmbeddingTraits.of(spec).maxTokens())) {
      tokenizer.encode("The water falls.", Truncation.END);
    }
    try (OrtSession session =
        OrtEnvironment.getEnvironment().createSession(files.onnx().toString())) {
      return new byte[] {(byte) session.getNumInputs()};
    }
  }
}
