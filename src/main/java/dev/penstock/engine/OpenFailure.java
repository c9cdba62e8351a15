package dev.penstock.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Why a model of {@code models.dir} could not be opened. */
public final class OpenFailure {
  private OpenFailure() {}

  /** True when the files are at fault: trying again would not help. */
  static boolean isTheFiles(ModelSpec spec, Throwable cause) {
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
      line = line.replace(folder.toAbsolutePath() + "/", "").replace(folder + "/", "");
    }
    String start = "model " + spec.name() + ": ";
    return line.startsWith(start) ? line.substring(start.length()) : line;
  }

  private static List<Path> folders(ModelSpec spec) {
    return spec.sources().stream().map(ModelSource::folder).filter(Objects::nonNull).toList();
  }
}
