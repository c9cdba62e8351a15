package dev.penstock.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One directory in which a model may be: which of its files count, and when they changed. Nothing
 * outside {@code models.dir} counts: a link that leads out makes the model a broken one.
 */
final class ModelFolder {
  static final String CONFIG = "config.json";
  static final String TOKENIZER = "tokenizer.json";
  static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  static final String LENGTH = "sentence_bert_config.json";
  static final String POOLING = "1_Pooling/config.json";
  static final String PROMPTS = "config_sentence_transformers.json";
  static final String MODULES = "modules.json";

  private static final String ONNX = "model.onnx";
  private static final List<String> ONNX_FOLDERS = List.of("onnx", "");
  private static final List<String> OTHERS =
      List.of(CONFIG, TOKENIZER, TOKENIZER_CONFIG, LENGTH, POOLING, PROMPTS, MODULES);

  /** Beside a model there are its weights, in a few parts; more files than this do not count. */
  private static final int MOST_FILES = 1_000;

  private final Path folder;
  private final Path root;

  /**
   * @param root the real path of {@code models.dir}
   */
  ModelFolder(Path folder, Path root) {
    this.folder = folder;
    this.root = root;
  }

  String name() {
    return folder.getFileName().toString();
  }

  /**
   * What the files looked like at one time.
   *
   * @param revision equal when no file has changed
   * @param newest when a file changed last
   */
  record Look(String revision, Instant newest) {}

  Look look() throws BrokenModel, IOException {
    if (!folder.toRealPath().startsWith(root)) {
      throw new BrokenModel("it is a link that leads out of models.dir");
    }
    Instant newest = Files.getLastModifiedTime(folder).toInstant();
    long revision = 0;
    for (Path file : files()) {
      if (!file.toRealPath().startsWith(root)) {
        throw new BrokenModel(folder.relativize(file) + " is a link that leads out of models.dir");
      }
      Instant changed = Files.getLastModifiedTime(file).toInstant();
      newest = changed.isAfter(newest) ? changed : newest;
      revision = 31 * revision + file.hashCode();
      revision = 31 * revision + Files.size(file);
      revision = 31 * revision + changed.hashCode();
    }
    return new Look(Long.toHexString(revision), newest);
  }

  /** Empty when the model does not have it. */
  Optional<Path> file(String name) {
    return Optional.of(folder.resolve(name)).filter(Files::isRegularFile);
  }

  Path require(String name) throws BrokenModel {
    return file(name).orElseThrow(() -> new BrokenModel(name + " is missing"));
  }

  /** The model itself. */
  Path onnx() throws BrokenModel, IOException {
    for (String place : ONNX_FOLDERS) {
      Optional<Path> model = file(place.isEmpty() ? ONNX : place + "/" + ONNX);
      if (model.isPresent()) {
        return model.get();
      }
    }
    List<String> others = new ArrayList<>();
    for (String place : ONNX_FOLDERS) {
      for (Path file : list(folder.resolve(place))) {
        if (file.toString().endsWith(".onnx")) {
          others.add(folder.relativize(file).toString());
        }
      }
    }
    throw new BrokenModel(
        "onnx/model.onnx is missing"
            + (others.isEmpty()
                ? ""
                : "; there is "
                    + String.join(", ", others)
                    + ": the one to use must have the name model.onnx"));
  }

  /** The size of the model and of the weights beside it (model.onnx_data, model.onnx.data, …). */
  long bytes(Path onnx) throws IOException {
    long bytes = 0;
    for (Path file : list(onnx.resolveSibling(""))) {
      if (file.getFileName().toString().startsWith(ONNX)) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : OTHERS) {
      file(name).ifPresent(files::add);
    }
    for (String place : ONNX_FOLDERS) {
      Path in = folder.resolve(place);
      for (Path file : list(in)) {
        // Weights may have any name, and are mostly beside the model in a folder of their own.
        if (!place.isEmpty() || file.getFileName().toString().startsWith(ONNX)) {
          files.add(file);
        }
      }
    }
    return files;
  }

  /** The files in a folder, by name; none where it is not there. */
  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().limit(MOST_FILES).toList();
    }
  }
}
