package dev.penstock.engine.llama;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where llama.cpp's native library lies. It is no part of the program: {@code make llama} fetches
 * it, or whoever runs the program brings one. Looked for anew each time, so that a running program
 * finds what was fetched meanwhile.
 */
final class LibraryFolder {
  /** The environment's word for a folder with the library. */
  static final String VARIABLE = "LLAMA_LIBRARY";

  private static final String TABLE = "library.txt";

  /** The library itself: not its part for programs of llama.cpp's own, libllama-common. */
  private static final String LLAMA = "(lib)?llama(\\.[^-]*)?\\.(so|dylib|dll)";

  private LibraryFolder() {}

  /**
   * The folder that is there.
   *
   * @param data the data folder
   * @throws LlamaFailure saying what to do, where there is none
   */
  static Path find(Map<String, String> environment, Path data) throws LlamaFailure {
    String named = environment.get(VARIABLE);
    if (named != null && !named.isBlank()) {
      Path folder = Path.of(named);
      if (library(folder).isEmpty()) {
        throw new LlamaFailure(VARIABLE + " = " + named + ": has no libllama in it");
      }
      return folder;
    }
    Path folder = data.resolve("native").resolve("llama").resolve(version());
    if (library(folder).isEmpty()) {
      throw new LlamaFailure(
          "llama.cpp's library is not there: `make llama` fetches it into %s, or %s names a folder with one"
              .formatted(folder, VARIABLE));
    }
    return folder;
  }

  /** The file to load in a folder. */
  static Optional<Path> library(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches(LLAMA))
          .sorted()
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // it is not there, or not for us
    }
  }

  /** The version of npm's packages that this program was made for. */
  static String version() {
    try (InputStream in = LibraryFolder.class.getResourceAsStream(TABLE);
        var lines =
            new BufferedReader(
                new InputStreamReader(
                    in == null ? InputStream.nullInputStream() : in, StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> line.startsWith("version "))
          .map(line -> line.substring("version ".length()).strip())
          .findFirst()
          .orElseThrow(() -> new IllegalStateException(TABLE + " names no version"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
