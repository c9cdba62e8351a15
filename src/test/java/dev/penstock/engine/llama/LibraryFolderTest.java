package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the native library is looked for, and what is said where it is not. */
final class LibraryFolderTest {
  @TempDir Path data;

  @Test
  void aLibraryThatIsFetchedWhileTheProgramRunsIsFound() throws Exception {
    assertThatThrownBy(() -> LibraryFolder.find(Map.of(), data))
        .isInstanceOf(LlamaFailure.class)
        .hasMessageContaining("make llama")
        .hasMessageContaining("LLAMA_LIBRARY");
    Path folder =
        Files.createDirectories(data.resolve("native/llama").resolve(LibraryFolder.version()));
    assertThatThrownBy(() -> LibraryFolder.find(Map.of(), data)).isInstanceOf(LlamaFailure.class);
    Files.createFile(folder.resolve("libllama.v0.4.0.so"));
    assertThat(LibraryFolder.find(Map.of(), data)).isEqualTo(folder);
  }

  @Test
  void oneThatIsNamedIsTaken(@TempDir Path own) throws Exception {
    Map<String, String> named = Map.of("LLAMA_LIBRARY", own.toString());
    assertThatThrownBy(() -> LibraryFolder.find(named, data))
        .hasMessage("LLAMA_LIBRARY = " + own + ": has no libllama in it");
    Files.createFile(own.resolve("libllama.dylib"));
    assertThat(LibraryFolder.find(named, data)).isEqualTo(own);
  }

  @ParameterizedTest
  @ValueSource(strings = {"libllama.so", "libllama.v0.4.0.so", "llama.dll", "libllama.dylib"})
  void aLibraryIsKnownByItsName(String name) throws Exception {
    Files.createFile(data.resolve("libllama-common.so"));
    Files.createFile(data.resolve("libggml-base.so"));
    assertThat(LibraryFolder.library(data)).isEmpty();
    Files.createFile(data.resolve(name));
    assertThat(LibraryFolder.library(data)).hasValue(data.resolve(name));
  }
}
