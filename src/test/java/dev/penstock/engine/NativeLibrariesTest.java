package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.models.EmbeddingTraits.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  @TempDir Path folder;

  /** In a process of its own: the libraries read their properties once, when they are loaded. */
  @Test
  void nothingIsWrittenOutsideTheDataFolder() throws Exception {
    Path data = folder.resolve("data");
    Path home = Files.createDirectory(folder.resolve("home"));
    Path temp = Files.createDirectory(folder.resolve("temp"));
    run(data, home, temp);
    assertThat(filesIn(home)).isEmpty();
    assertThat(filesIn(temp)).isEmpty();
    assertThat(filesIn(data)).anyMatch(file -> file.endsWith(".onnx"));
  }

  @Test
  void halfALibraryIsReplaced() throws Exception {
    Path data = folder.resolve("data");
    Path home = Files.createDirectory(folder.resolve("home"));
    for (String library : List.of("tokenizers/libtokenizers.so", "onnxruntime/libonnxruntime.so")) {
      Path file = data.resolve("native").resolve(library);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "half of it");
    }
    run(data, home, Files.createDirectory(folder.resolve("temp")));
    assertThat(filesIn(home)).isEmpty();
  }

  private void run(Path data, Path home, Path temp) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Duser.home=" + home,
                "-Djava.io.tmpdir=" + temp,
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                OneVector.class.getName(),
                data.toString()));
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("HOME", home.toString());
    builder.environment().remove("DJL_CACHE_DIR");
    builder.environment().remove("RUST_LIBRARY_PATH");
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

    assertThat(Files.readString(output)).contains("dimensions 384");
    assertThat(process.exitValue()).isZero();
  }

  private static List<String> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).map(Path::toString).toList();
    }
  }

  /** The smallest program that loads every native library of this package. */
  static final class OneVector {
    private OneVector() {}

    public static void main(String[] arguments) throws Exception {
      Path data = Path.of(arguments[0]);
      NativeLibraries.prepare(data);
      try (LoadedModel model = TestModels.open(TestModels.MINILM_Q, data)) {
        int[] ids = model.tokenizer().encode("text", Truncation.END).ids();
        System.out.println("dimensions " + model.model().run(List.of(ids)).getFirst().length);
      }
    }
  }
}
