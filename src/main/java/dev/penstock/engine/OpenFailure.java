package dev.penstock.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Why a model could not be opened. */
public final class OpenFailure {
  private OpenFailure() {}

  /**
   * True when the model's files are at fault, and not the machine: trying again would not help. Of
   * a model inside the program, or elsewhere, nobody here can change them.
   */
  public static boolean lasts(ModelSpec spec, Throwable cause) {
    if (folders(spec).isEmpty()) {
      return false;
    }
    return cause instanceof CannotOpenModel e
        ? !e.mayPass()
        : cause instanceof RuntimeException || cause instanceof JsonProcessingException;
  }

  /** One line without this machine's paths. */
  public static String describe(ModelSpec spec, Throwable cause) {
    String line = new ModelFailure(spec.name(), cause).reason();
    for (Path folder : folders(spec)) {
      for (String path : paths(folder)) {
        line = line.replace(path + "/", "").replace(path, "");
      }
    }
    String start = "model " + spec.name() + ": ";
    return line.startsWith(start) ? line.substring(start.length()) : line;
  }

  /** The ways in which native code may write it, the longest first. */
  private static List<String> paths(Path folder) {
    Path real;
    try {
      real = folder.toRealPath();
    } catch (IOException e) {
      real = folder; // it is gone
    }
    return Stream.of(real, folder.toAbsolutePath(), folder)
        .map(Path::toString)
        .filter(path -> !path.isEmpty())
        .distinct()
        .sorted(Comparator.comparingInt(String::length).reversed())
        .toList();
  }

  private static List<Path> folders(ModelSpec spec) {
    return spec.sources().stream().map(ModelSource::folder).filter(Objects::nonNull).toList();
  }
}
