package dev.penstock.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code make fuzz} begins with, and what it found once. */
final class SeedsTest {
  private static final Map<Kind, Target> OPEN = new EnumMap<>(Kind.class);

  @AfterAll
  static void close() throws Exception {
    for (Target target : OPEN.values()) {
      target.close();
    }
    OPEN.clear();
  }

  private static Target open(Kind kind) throws Exception {
    Target open = OPEN.get(kind);
    if (open == null) {
      open = kind.open();
      OPEN.put(kind, open);
    }
    return open;
  }

  static List<Arguments> seeds() throws IOException {
    List<Arguments> all = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      for (Path seed : kind.seedFiles()) {
        all.add(Arguments.of(kind, seed));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void noSeedBreaksAPromise(Kind kind, Path seed) throws Exception {
    open(kind).read(Files.readAllBytes(seed));
  }

  @Test
  void noDirectoryThatIsMadeHereBreaksOne() throws Exception {
    for (byte[] seed : Kind.MODEL_DIRECTORY.moreSeeds()) {
      open(Kind.MODEL_DIRECTORY).read(seed);
    }
  }

  @Test
  void aModelsDirectoryIsReadAsItsFiles() {
    assertThat(DirectoryTarget.files(DirectoryTarget.whole()))
        .containsOnlyKeys(
            "config.json", "tokenizer.json", "1_Pooling/config.json", "onnx/model.onnx");
    assertThat(DirectoryTarget.files("--- ../../x\na\n--- /etc/x\nb\n".getBytes(UTF_8))).isEmpty();
  }
}
