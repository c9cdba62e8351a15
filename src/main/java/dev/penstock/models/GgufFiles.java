package dev.penstock.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where a model is that llama.cpp runs: a GGUF file, or the first of its parts. */
public sealed interface GgufFiles extends ModelSource {
  /** The name of the backend that runs them. */
  String LLAMA = "llama";

  /** The most texts that may be made side by side. */
  int MOST_SLOTS = 64;

  @Override
  default String backend() {
    return LLAMA;
  }

  Path file();

  /** How many texts are made side by side; 0: as the settings say. */
  int slots();

  /**
   * Tokens that each of them has room for, as its directory says.
   *
   * @return 0: it does not
   */
  default int contextTokens() {
    return 0;
  }

  /** A file with a chat template, for a model that has none; null: there is none. */
  default @Nullable Path template() {
    return null;
  }

  /** What Hugging Face has beside a model, with a chat template in it; null: there is none. */
  default @Nullable Path tokenizerConfig() {
    return null;
  }

  /**
   * What the file says of itself.
   *
   * @throws IOException when it cannot be used: words for users
   */
  GgufFile header() throws IOException;

  /** A file of models.yaml. It need not be there before it is used. */
  record Listed(Path file, int slots) implements GgufFiles {
    private static final String NAME = ".{1,1000}\\.gguf";

    /** Reads it out of models.yaml. */
    public static Listed read(FieldReader source) {
      source.only(Set.of("file", "slots"));
      return new Listed(
          Path.of(source.text("file", NAME, "the path of a .gguf file")),
          source.has("slots") ? source.whole("slots", 1, MOST_SLOTS) : 0);
    }

    @Override
    public GgufFile header() throws IOException {
      try {
        return GgufReader.read(there(file), name(file), part -> there(file.resolveSibling(part)));
      } catch (BrokenModel e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    private static Path there(Path part) throws BrokenModel {
      if (!Files.isRegularFile(part)) {
        throw new BrokenModel(name(part) + " is missing");
      }
      return part;
    }

    private static String name(Path file) {
      return String.valueOf(file.getFileName());
    }
  }

  /**
   * A file in a directory of {@code models.dir}.
   *
   * @param revision changes when a file does
   */
  record Folder(
      Path file,
      GgufFile header,
      int slots,
      int contextTokens,
      @Nullable Path template,
      @Nullable Path tokenizerConfig,
      String revision)
      implements GgufFiles {
    @Override
    public Path folder() {
      return file.resolveSibling("");
    }
  }
}
