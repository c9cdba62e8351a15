package dev.penstock.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real model in this process, and files that are none. */
final class LlamaModelTest {
  @Test
  void itSaysWhatItIs() throws Exception {
    List<Double> progress = new ArrayList<>();
    try (var model = LlamaModel.open(Stories.loaded(), Stories.file(), 0, progress::add);
        var context = LlamaContext.open(model, Stories.plan())) {
      ModelInfo info = context.info();
      assertThat(info.architecture()).isEqualTo("llama");
      assertThat(info.description()).startsWith("llama");
      assertThat(info.vocabulary()).isEqualTo(512);
      assertThat(info.trainedContext()).isEqualTo(512);
      assertThat(info.begin()).isEqualTo(Stories.BEGIN);
      assertThat(info.weightBytes()).isBetween(1_000_000L, 1_100_000L);
      assertThat(info.cacheBytes())
          .as("5 layers, keys and values of 4 heads with 8 numbers, in 4 slots of 512 tokens")
          .isEqualTo(5L * 2 * 4 * 8 * Float.BYTES * 4 * 512);
      assertThat(info.chatTemplate()).isNull();
      assertThat(model.metadata("there is none")).isNull();
      assertThat(progress).isSorted().last().isEqualTo(1.0);
    }
  }

  @Test
  void aTextIsCutIntoTokensAndPutTogetherAgain() throws Exception {
    try (var model = LlamaModel.open(Stories.loaded(), Stories.file(), 0, _ -> {})) {
      String text = "Once upon a time 🚀\n" + "é".repeat(2_000);
      var bytes = new ByteArrayOutputStream();
      for (int token : model.tokenise(text, false, false)) {
        bytes.write(model.piece(token));
      }
      assertThat(bytes.toString(UTF_8)).isEqualTo(" " + text);
      assertThat(model.tokenise("", true, false)).containsExactly(Stories.BEGIN);
      assertThat(model.tokenise("", false, false)).isEmpty();
      for (int token = 0; token < model.tokens(); token++) {
        assertThat(model.piece(token)).hasSizeLessThan(64);
      }
      for (int wrong : new int[] {-1, 512, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        assertThatThrownBy(() -> model.piece(wrong)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> model.endsText(wrong))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void filesThatAreDamagedAreRefused(@TempDir Path folder) throws Exception {
    byte[] good = Files.readAllBytes(Stories.file());
    Path file = folder.resolve("damaged.gguf");
    for (int length : new int[] {0, 3, 4, 20, 1_000, 12_000, good.length / 2, good.length - 1}) {
      Files.write(file, Arrays.copyOf(good, length));
      refused(file);
    }
    Files.delete(file);
    refused(file);
    refused(folder);
  }

  private static void refused(Path file) {
    assertThatThrownBy(() -> LlamaModel.open(Stories.loaded(), file, 0, _ -> {}))
        .isInstanceOf(LlamaFailure.class)
        .message()
        .isNotBlank();
  }

  @Test
  void aContextThatIsTooLargeIsRefused() throws Exception {
    try (var model = LlamaModel.open(Stories.loaded(), Stories.file(), 0, _ -> {})) {
      String file = Stories.file().toString();
      assertThatThrownBy(() -> new ModelPlan(file, 2, Integer.MAX_VALUE, 8, 1, 0, true))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("context");
      assertThatThrownBy(() -> new ModelPlan(file, 9, 512, 8, 1, 0, true))
          .hasMessage("step = 8: must be from 9 to 65536");
      var trained = new ModelPlan(file, 2, 0, 8, 1, 0, true);
      try (var context = LlamaContext.open(model, trained)) {
        assertThat(context.context()).isEqualTo(512);
      }
    }
  }

  @Test
  void parametersOfAnotherReleaseAreNotTouched() {
    Map<Integer, Integer> known = Map.of(0, 5, 8, 7);
    Shape.Struct source = allocator -> struct(allocator, 12, 5, 7);
    try (Arena arena = Arena.ofConfined()) {
      assertThat(defaults(arena, source, 12, known)).isEmpty();
      for (Shape.Struct other :
          List.<Shape.Struct>of(
              allocator -> struct(allocator, 12, 5, 8),
              allocator -> struct(allocator, 12, 4, 7),
              allocator -> struct(allocator, 16, 5, 7))) {
        assertThat(defaults(arena, other, 12, known))
            .startsWith("the library is of another release");
      }
    }
  }

  private static String defaults(
      Arena arena, Shape.Struct source, int length, Map<Integer, Integer> known) {
    try {
      Params.defaults(arena, source, "params", length, known);
      return "";
    } catch (LlamaFailure e) {
      return e.reason();
    }
  }

  private static MemorySegment struct(SegmentAllocator allocator, int length, int first, int last) {
    MemorySegment struct = allocator.allocate(Params.LAYOUT);
    struct.asSlice(0, length).fill((byte) 1);
    struct.set(ValueLayout.JAVA_INT, 0, first);
    struct.set(ValueLayout.JAVA_INT, 8, last);
    return struct;
  }

  @Test
  void aFolderWithoutTheLibrarySaysSo(@TempDir Path folder) throws Exception {
    assertThatThrownBy(() -> LlamaLibrary.load(folder, null))
        .isInstanceOf(LlamaFailure.class)
        .hasMessageContaining("libllama");
    Files.writeString(folder.resolve("libllama.so"), "no library");
    assertThatThrownBy(() -> LlamaLibrary.load(folder, null))
        .isInstanceOf(LlamaFailure.class)
        .hasMessageContaining("cannot be loaded");
  }
}
