package dev.penstock.engine.llama;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A small model with known answers, and the native library that runs it. */
final class Stories {
  /** The token that a text begins with. */
  static final int BEGIN = 1;

  static final int CONTEXT = 512;

  /** What it makes from {@link #BEGIN} alone, as its author published it. */
  static final List<Integer> GREEDY =
      Stream.of(
              403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401,
              396, 267, 337, 410, 408, 419, 292, 411, 322, 265, 282, 295, 433, 426, 385, 328, 432,
              358, 394, 261, 370, 432, 352, 266, 268, 388, 426, 338, 391, 266, 267, 337, 335, 312,
              432, 398, 312, 286, 267, 414, 270, 333, 415, 426, 13, 438, 310, 439, 419, 357, 336,
              432, 313, 438, 310, 432, 278, 316, 439, 419, 298, 414, 267, 265, 282, 295, 433, 426,
              436, 317, 286, 296, 418, 269, 279, 292, 416, 439, 413, 409, 416, 327, 263, 415, 294,
              267, 400, 426, 338, 336, 432, 313, 442, 391, 267, 337, 335, 364, 420, 268, 388, 432,
              398, 359, 280, 303, 439, 413, 272, 417, 264, 312, 426, 436, 13, 438, 310, 286, 296,
              418, 269, 279, 292, 416, 439, 413, 409, 416, 327, 263, 415, 294, 267, 400, 426, 338,
              336, 432, 313, 442, 439, 423, 262, 304, 420, 422, 432, 317, 426, 359, 279, 292, 416,
              439, 413, 409, 416, 327, 263, 415, 294, 267, 400, 426, 436, 13, 438, 310, 279, 292,
              416, 439, 413, 391, 267, 281, 421, 427, 311, 357, 432, 384, 358)
          .toList();

  private static @Nullable LlamaLibrary loaded;

  private Stories() {}

  static Path file() {
    try {
      return Path.of(Objects.requireNonNull(Stories.class.getResource("stories260K.gguf")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Four slots, one thread, and nothing rounded. */
  static ModelPlan plan() {
    return plan(4, 256);
  }

  static ModelPlan plan(int slots, int step) {
    return new ModelPlan(file().toString(), slots, CONTEXT, step, 1, 0, true);
  }

  /** As most models are opened. */
  static ModelPlan rounded() {
    return new ModelPlan(file().toString(), 4, CONTEXT, 256, 1, 0, false);
  }

  /** The folder of the native library, fetched where it is not there. */
  static synchronized Path library() throws Exception {
    String named = System.getenv(LibraryFolder.VARIABLE);
    Path folder =
        named == null ? Path.of("target", "llama", LibraryFolder.version()) : Path.of(named);
    if (!Files.isDirectory(folder)) {
      Process fetch = new ProcessBuilder("scripts/llama.sh", "target/llama").inheritIO().start();
      if (!fetch.waitFor(10, TimeUnit.MINUTES) || fetch.exitValue() != 0) {
        throw new AssertionError("these tests need llama.cpp: scripts/llama.sh failed");
      }
    }
    return folder;
  }

  /** In this process: what ends it ends the tests. */
  static synchronized LlamaLibrary loaded() throws Exception {
    LlamaLibrary library = loaded;
    if (library == null) {
      library = LlamaLibrary.load(library(), null);
      loaded = library;
    }
    return library;
  }
}
