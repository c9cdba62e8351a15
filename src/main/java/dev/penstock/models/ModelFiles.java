package dev.penstock.models;

import java.nio.file.Path;
import java.util.Set;

/** Where a model (ONNX) and its tokenizer (Hugging Face tokenizer.json) are. */
public sealed interface ModelFiles extends ModelSource {
  /** The name of the backend that runs them. */
  String ONNX = "onnx";

  @Override
  default String backend() {
    return ONNX;
  }

  /** Names of class-path resources. */
  record Resources(String onnx, String tokenizer) implements ModelFiles {
    /** No dot at a segment's start, so that no segment leads upwards. */
    private static final String NAME = "classpath:([A-Za-z0-9_-][A-Za-z0-9._-]*/?)+(?<!/)";

    private static final String CLASS_PATH = "classpath:";

    /** Reads them out of models.yaml. */
    public static Resources read(FieldReader source) {
      source.only(Set.of("onnx", "tokenizer"));
      return new Resources(resource(source, "onnx"), resource(source, "tokenizer"));
    }

    private static String resource(FieldReader source, String key) {
      String given = source.text(key, NAME, "classpath:<path of a resource>");
      if (given.isEmpty()) {
        return "";
      }
      String resource = given.substring(CLASS_PATH.length());
      if (Resources.class.getResource("/" + resource) == null) {
        source.problem(key, given, "is not on the class path");
      }
      return resource;
    }
  }

  /**
   * Files in a directory of {@code models.dir}. Weights beside the model file are found by it.
   *
   * @param bytes size of the model with all its weights
   * @param revision changes when a file does
   */
  record Folder(Path onnx, Path tokenizer, long bytes, String revision) implements ModelFiles {
    @Override
    public Path folder() {
      return onnx.resolveSibling("");
    }
  }
}
