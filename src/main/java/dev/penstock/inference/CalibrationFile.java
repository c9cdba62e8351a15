package dev.penstock.inference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calibrated figures that are kept in the data folder. Read whole, and replaced whole in one
 * step: of several writers the last one wins. What it does not know in the file it leaves there.
 */
final class CalibrationFile {
  private static final Logger LOG = LoggerFactory.getLogger(CalibrationFile.class);
  private static final String NAME = "calibration.json";
  private static final String ENTRIES = "calibrations";
  private static final int MOST_BYTES = 1 << 20;
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Path file;

  private CalibrationFile(Path file) {
    this.file = file;
  }

  static CalibrationFile in(Path data) {
    return new CalibrationFile(data.resolve(NAME));
  }

  /** The figures kept for exactly that. A file that makes no sense has none, and is logged. */
  Optional<Calibrated> find(CalibrationKey key) {
    try {
      for (JsonNode entry : entries(read())) {
        if (isFor(key, entry)) {
          return Optional.of(figures(entry));
        }
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be used, the device's own figures are: {}", file, reason(e));
    }
    return Optional.empty();
  }

  /** Keeps the figures, in place of those kept for the same. */
  void put(CalibrationKey key, Calibrated figures) throws IOException {
    ObjectNode root = readOrNew();
    ArrayNode entries = others(key, root);
    entries
        .addObject()
        .put("model", key.model())
        .put("files", key.files())
        .put("device", key.device())
        .put("processors", key.processors())
        .put("onnxruntime", key.onnxruntime())
        .put("threads", figures.threads())
        .put("token_budget", figures.tokenBudget())
        .put("date", figures.date().toString())
        .put("ratio", figures.ratio());
    root.set(ENTRIES, entries);
    write(root);
  }

  /** Forgets what is kept for that; false where there was nothing. */
  boolean remove(CalibrationKey key) throws IOException {
    ObjectNode root;
    try {
      root = read();
      entries(root);
    } catch (IOException e) {
      LOG.warn("{} cannot be used: {}", file, reason(e));
      return false;
    }
    ArrayNode left = others(key, root);
    if (left.size() == root.path(ENTRIES).size()) {
      return false;
    }
    root.set(ENTRIES, left);
    write(root);
    return true;
  }

  private static ArrayNode others(CalibrationKey key, ObjectNode root) {
    ArrayNode others = JSON.createArrayNode();
    root.path(ENTRIES)
        .forEach(entry -> {
          if (!isFor(key, entry)) {
            others.add(entry);
          }
        });
    return others;
  }

  private static boolean isFor(CalibrationKey key, JsonNode entry) {
    return entry.path("model").asText().equals(key.model())
        && entry.path("files").asText().equals(key.files())
        && entry.path("device").asText().equals(key.device())
        && entry.path("processors").asInt() == key.processors()
        && entry.path("onnxruntime").asText().equals(key.onnxruntime());
  }

  private static Calibrated figures(JsonNode entry) throws IOException {
    try {
      return new Calibrated(
          entry.path("threads").asInt(),
          entry.path("token_budget").asInt(),
          LocalDate.parse(entry.path("date").asText()),
          entry.path("ratio").asDouble());
    } catch (IllegalArgumentException | DateTimeParseException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static JsonNode entries(ObjectNode root) throws IOException {
    JsonNode entries = root.path(ENTRIES);
    if (!entries.isArray() && !root.isEmpty()) {
      throw new IOException("it has no list '" + ENTRIES + "'");
    }
    return entries;
  }

  private ObjectNode readOrNew() {
    try {
      ObjectNode root = read();
      entries(root);
      return root;
    } catch (IOException e) {
      LOG.warn("{} is written anew: {}", file, reason(e));
      return JSON.createObjectNode();
    }
  }

  /** An empty object where there is no file. */
  private ObjectNode read() throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MOST_BYTES + 1);
    } catch (NoSuchFileException e) {
      return JSON.createObjectNode();
    }
    if (bytes.length > MOST_BYTES) {
      throw new IOException("it is larger than 1 MiB");
    }
    return JSON.readTree(bytes) instanceof ObjectNode root ? root : notOurs();
  }

  private static ObjectNode notOurs() throws IOException {
    throw new IOException("it is no JSON object");
  }

  private void write(ObjectNode root) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path part = Files.createTempFile(folder, NAME + ".", ".part");
    try {
      Files.write(part, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** In one line, without a piece of the file. */
  private static String reason(IOException e) {
    return e instanceof JsonProcessingException ? "it is no JSON" : Device.firstLine(e);
  }
}
