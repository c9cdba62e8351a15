package dev.penstock.engine.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.engine.BackendTrouble;
import dev.penstock.engine.http.HttpSource.KeyPlace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads a server's key each time that it is needed: a new one is used without a restart. */
final class Keys {
  private static final int LONGEST = 16 << 10;

  private final KeyPlace place;
  private final Function<String, @Nullable String> environment;

  Keys(KeyPlace place, Function<String, @Nullable String> environment) {
    this.place = place;
    this.environment = environment;
  }

  /** Empty: there is none. No message has any of it, nor says where it is. */
  String read() throws BackendTrouble {
    String file = place.file();
    String variable = place.variable();
    if (file == null && variable == null) {
      return "";
    }
    String key = file == null ? environment.apply(String.valueOf(variable)) : ofFile(file);
    if (key == null || key.isBlank()) {
      throw BackendTrouble.other("its key is not there: see key_file or key_env of its entry");
    }
    String stripped = key.strip();
    if (!stripped.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw BackendTrouble.other("its key has characters that no key has");
    }
    return stripped;
  }

  private static @Nullable String ofFile(String file) {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      return new String(in.readNBytes(LONGEST), UTF_8);
    } catch (IOException | InvalidPathException e) {
      return null;
    }
  }
}
