package dev.penstock.engine.trial;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came of trials, a file for each model in the data folder, and a mark beside it while the
 * model is being opened in this process. Where they cannot be written models are tried again.
 */
final class Verdicts {
  private static final Logger LOG = LoggerFactory.getLogger(Verdicts.class);
  private static final int MOST_BYTES = 1 << 14;

  private final Path folder;

  private Verdicts(Path folder) {
    this.folder = folder;
  }

  static Verdicts in(Path data) {
    return new Verdicts(data.resolve("openings"));
  }

  /**
   * What is known of a model.
   *
   * @param broken why it can never be opened; null: it can
   */
  record Verdict(@Nullable String broken) {}

  /**
   * What was found of the model.
   *
   * @param files what it must have been found for
   */
  Optional<Verdict> find(String model, String files) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file(model))) {
      bytes = in.readNBytes(MOST_BYTES);
      JsonNode kept = JsonMappers.FILES.readTree(bytes);
      return kept.path("files").asText().equals(files)
          ? Optional.of(new Verdict(kept.path("broken").textValue()))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.debug("what was found of model {} cannot be read: {}", model, e.toString());
      return Optional.empty();
    }
  }

  void put(String model, String files, @Nullable String broken) {
    Map<String, String> kept = new TreeMap<>(Map.of("files", files));
    if (broken != null) {
      kept.put("broken", broken);
    }
    Path part = folder.resolve(model + ".part");
    try {
      Files.createDirectories(folder);
      Files.write(part, JsonMappers.PLAIN.writeValueAsBytes(kept));
      Files.move(
          part, file(model), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("model {}: what its trial found cannot be kept: {}", model, e.toString());
    }
  }

  /** Whether a process ended while it opened the model. */
  boolean suspect(String model) {
    return Files.exists(markOf(model));
  }

  void mark(String model) {
    try {
      Files.createDirectories(folder);
      Files.write(markOf(model), new byte[0]);
    } catch (IOException e) {
      LOG.debug("model {} is opened without a mark: {}", model, e.toString());
    }
  }

  void unmark(String model) {
    try {
      Files.deleteIfExists(markOf(model));
    } catch (IOException e) {
      LOG.debug("model {}: its mark stays: {}", model, e.toString());
    }
  }

  private Path file(String model) {
    return folder.resolve(model + ".json");
  }

  private Path markOf(String model) {
    return folder.resolve(model + ".mark");
  }
}
