package dev.penstock.engine.calibrate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.engine.Device;
import dev.penstock.json.JsonMappers;
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
public final class CalibrationFile {
  private static final Logger LOG = LoggerFactory.getLogger(CalibrationFile.class);
  private static final String NAME = "calibration.json";
  private static final String ENTRIES = "calibrations";
  private static final int MOST_BYTES = 1 << 20;
  private final Path file;

  /** Was read, and is no file of ours. */
  private static final class NotOurs extends IOException {
    private static final long serialVersionUID = 1;

    NotOurs(String message) {
      super(message);
    }
  }

  private CalibrationFile(Path file) {
    this.file = file;
  }

  public static CalibrationFile in(Path data) {
    return new CalibrationFile(data.resolve(NAME));
  }

  /** The figures kept for exactly that. A file that makes no sense has none, and is logged. */
  public Optional<Calibrated> find(CalibrationKey key) {
    try {
      for (JsonNode entry : read().path(ENTRIES)) {
        if (isFor(key, entry)) {
          return Optional.of(figures(entry));
        }
      }
    } catch (IOException e) {
      LOG.warn(
          "{} is not used for model {}: {}. The default figures are; calibrate again, or delete it",
          file,
          key.model(),
          reason(e));
    }
    return Optional.empty();
  }

  /** Keeps the figures, in place of those kept for the same. */
  public void put(CalibrationKey key, Calibrated figures) throws IOException {
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
    ArrayNode others = JsonMappers.WHOLE.createArrayNode();
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
          whole(entry, "threads"),
          whole(entry, "token_budget"),
          LocalDate.parse(entry.path("date").asText()),
          entry.path("ratio").asDouble());
    } catch (IllegalArgumentException | DateTimeParseException e) {
      throw new IOException("an entry has " + e.getMessage(), e);
    }
  }

  private static int whole(JsonNode entry, String member) {
    JsonNode value = entry.path(member);
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt()) {
      throw new IllegalArgumentException("no whole number as '" + member + "', or too large a one");
    }
    return value.intValue();
  }

  /** What cannot be read is an error: there may be figures in it. */
  private ObjectNode readOrNew() throws IOException {
    try {
      return read();
    } catch (NotOurs | JsonProcessingException e) {
      LOG.warn("{} is written anew: {}", file, reason(e));
      return JsonMappers.WHOLE.createObjectNode();
    }
  }

  /** An empty object where there is no file. */
  private ObjectNode read() throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MOST_BYTES + 1);
    } catch (NoSuchFileException e) {
      return JsonMappers.WHOLE.createObjectNode();
    }
    if (bytes.length > MOST_BYTES) {
      throw new NotOurs("it is larger than 1 MiB");
    }
    if (!(JsonMappers.WHOLE.readTree(bytes) instanceof ObjectNode root)) {
      throw new NotOurs("it is no JSON object");
    }
    if (!root.isEmpty() && !root.path(ENTRIES).isArray()) {
      throw new NotOurs("it has no list '" + ENTRIES + "'");
    }
    return root;
  }

  private void write(ObjectNode root) throws IOException {
    // Not a temporary file of the JDK's: only its owner could read it, and a server may be another.
    String unlike = ProcessHandle.current().pid() + "-" + Thread.currentThread().threadId();
    Path part = file.resolveSibling(NAME + "." + unlike + ".part");
    try {
      Files.write(part, JsonMappers.WHOLE.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
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
