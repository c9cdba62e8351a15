package dev.penstock.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What version 0.1.0 wrote, kept as files: nodes, workers, stores and plugins of that version must
 * be understood, and understand. With {@code -Dgolden.write=true} the files are written anew, which
 * breaks that promise unless the versions are told apart.
 */
public final class Golden {
  private static final Path FOLDER = Path.of("src/test/resources/golden");

  private Golden() {}

  public static Path path(String name) {
    return FOLDER.resolve(name);
  }

  public static String text(String name) throws IOException {
    return Files.readString(path(name));
  }

  /** Whether the files are to be written instead of compared. */
  public static boolean writes() {
    return Boolean.getBoolean("golden.write");
  }

  /** The text is what the file holds, but for the line's end at its end. */
  public static void check(String name, String text) throws IOException {
    String whole = text.endsWith("\n") ? text : text + "\n";
    if (writes()) {
      Files.createDirectories(path(name).getParent());
      Files.writeString(path(name), whole);
    }
    assertThat(whole).as(name).isEqualTo(text(name));
  }
}
