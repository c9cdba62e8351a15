package dev.penstock.models;

import dev.penstock.base.Visible;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One directory in which a model may be: which of its files count, and when they changed. Nothing
 * outside {@code models.dir} counts: a link that leads out makes the model a broken one.
 */
final class ModelFolder {
  static final String CONFIG = "config.json";
  static final String TOKENIZER = "tokenizer.json";
  static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  static final String LENGTH = "sentence_bert_config.json";
  static final String POOLING = "1_Pooling/config.json";
  static final String PROMPTS = "config_sentence_transformers.json";
  static final String MODULES = "modules.json";

  /** What the operator says of it. */
  static final String CHOICES = "model.yaml";

  private static final String ONNX = "model.onnx";
  private static final List<String> ONNX_FOLDERS = List.of("onnx", "");
  private static final Set<String> OTHERS =
      Set.of(CONFIG, TOKENIZER, TOKENIZER_CONFIG, LENGTH, POOLING, PROMPTS, MODULES, CHOICES);

  /** Beside a model there are its weights, in a few parts; more files than this do not count. */
  private static final int MOST_FILES = 1_000;

  private static final int MOST_FOLDERS = 20;

  private final Path folder;
  private final Path root;

  /**
   * @param root the real path of {@code models.dir}
   */
  ModelFolder(Path folder, Path root) {
    this.folder = folder;
    this.root = root;
  }

  String name() {
    return folder.getFileName().toString();
  }

  /**
   * What the files looked like at one time.
   *
   * @param revision equal when no file of the model has changed
   * @param state equal when nothing at all has moved: somebody may be writing a file that does not
   *     count yet
   * @param newest when something moved last; a copy that keeps its files' times does not hide it
   */
  record Look(String revision, String state, Instant newest) {
    static final Look NONE = new Look("", "", Instant.EPOCH);
  }

  Look look() throws BrokenModel, IOException {
    if (!folder.toRealPath().startsWith(root)) {
      throw new BrokenModel("it is a link that leads out of models.dir");
    }
    List<Path> folders = folders();
    Instant newest = Instant.EPOCH;
    long revision = 0;
    long state = 0;
    for (Path in : folders) {
      Stamp own = Stamp.of(in);
      newest = latest(newest, own);
      state = 31 * state + own.hashCode();
      for (Path file : list(in)) {
        boolean inside = file.toRealPath().startsWith(root);
        if (!inside && counts(file)) {
          throw leadsOut(file);
        }
        Stamp stamp = Stamp.of(file);
        newest = latest(newest, stamp);
        state = 31 * (31 * state + file.hashCode()) + stamp.hashCode();
        if (inside && !hidden(file)) {
          revision = 31 * (31 * revision + file.hashCode()) + Long.hashCode(stamp.size);
          revision = 31 * revision + stamp.modified.hashCode();
          revision = 31 * revision + Boolean.hashCode(Files.isReadable(file));
        }
      }
    }
    return new Look(Long.toHexString(revision), Long.toHexString(state), newest);
  }

  /**
   * What tells that a file was written.
   *
   * @param changed when anything of it did, which no program can set; where the system does not
   *     say, when its contents did
   */
  private record Stamp(long size, Instant modified, Instant changed) {
    static Stamp of(Path path) throws IOException {
      try {
        Map<String, Object> unix = Files.readAttributes(path, "unix:size,lastModifiedTime,ctime");
        return new Stamp(
            (Long) Objects.requireNonNull(unix.get("size")),
            time(unix.get("lastModifiedTime")),
            time(unix.get("ctime")));
      } catch (UnsupportedOperationException | IllegalArgumentException e) {
        Instant modified = Files.getLastModifiedTime(path).toInstant();
        return new Stamp(Files.size(path), modified, modified);
      }
    }

    private static Instant time(@Nullable Object given) {
      return ((FileTime) Objects.requireNonNull(given)).toInstant();
    }
  }

  private static Instant latest(Instant one, Stamp other) {
    Instant later = other.modified.isAfter(other.changed) ? other.modified : other.changed;
    return later.isAfter(one) ? later : one;
  }

  private BrokenModel leadsOut(Path file) {
    return new BrokenModel(name(file) + " is a link that leads out of models.dir");
  }

  /** What messages call the file. */
  String name(Path file) {
    return folder.relativize(file).toString();
  }

  /** Empty when the model does not have it. */
  Optional<Path> file(String name) throws BrokenModel, IOException {
    Path file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    if (!file.toRealPath().startsWith(root)) {
      throw leadsOut(file);
    }
    return Optional.of(file);
  }

  Path require(String name) throws BrokenModel, IOException {
    return file(name).orElseThrow(() -> new BrokenModel(name + " is missing"));
  }

  /** The model itself. */
  Path onnx() throws BrokenModel, IOException {
    for (String place : ONNX_FOLDERS) {
      Optional<Path> model = file(place.isEmpty() ? ONNX : place + "/" + ONNX);
      if (model.isPresent()) {
        return model.get();
      }
    }
    List<String> others = new ArrayList<>();
    for (String place : ONNX_FOLDERS) {
      for (Path file : list(folder.resolve(place))) {
        if (file.toString().endsWith(".onnx")) {
          others.add(folder.relativize(file).toString());
        }
      }
    }
    throw new BrokenModel(
        "onnx/model.onnx is missing"
            + (others.isEmpty()
                ? ""
                : "; there is "
                    + String.join(", ", others)
                    + ": name the one to use in model.yaml, as in 'file: "
                    + others.getFirst()
                    + "'"));
  }

  /**
   * The size of the model and of the weights beside it.
   *
   * @throws BrokenModel when weights that it names are not there as a whole, or are not its own
   */
  long bytes(Path onnx, OnnxFile model) throws BrokenModel, IOException {
    Set<Path> files = new HashSet<>(Set.of(onnx));
    for (OnnxFile.Part part : model.parts()) {
      files.add(weights(onnx, part));
    }
    for (Path file : list(onnx.resolveSibling(""))) {
      if (file.getFileName().toString().startsWith(onnx.getFileName().toString())) {
        files.add(file);
      }
    }
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    return bytes;
  }

  private Path weights(Path onnx, OnnxFile.Part part) throws BrokenModel, IOException {
    Path base = folder.toAbsolutePath().normalize();
    Path given = onnx.toAbsolutePath().resolveSibling(part.file()).normalize();
    if (!given.startsWith(base) || given.equals(base)) {
      throw new BrokenModel(
          name(onnx) + " has weights outside of its directory: " + Visible.quoted(part.file()));
    }
    String name = base.relativize(given).toString();
    Path file =
        file(name)
            .orElseThrow(() ->
                new BrokenModel(name + " is missing, in which " + name(onnx) + " has weights"));
    if (Files.size(file) < part.end()) {
      throw new BrokenModel(
          "%s is cut short: it has %d bytes of %d".formatted(name, Files.size(file), part.end()));
    }
    return file;
  }

  private boolean counts(Path file) {
    String name = name(file);
    return OTHERS.contains(name) || name.startsWith("onnx/") || name.startsWith(ONNX);
  }

  private static boolean hidden(Path file) {
    return file.getFileName().toString().startsWith(".");
  }

  /** The directory itself, and those in it. */
  private List<Path> folders() throws IOException {
    List<Path> folders = new ArrayList<>(List.of(folder));
    try (Stream<Path> all = Files.list(folder)) {
      all.filter(path -> !hidden(path))
          .filter(Files::isDirectory)
          .sorted()
          .limit(MOST_FOLDERS)
          .forEach(folders::add);
    }
    return folders;
  }

  /** The files in a folder, by name; none where it is not there. */
  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().limit(MOST_FILES).toList();
    }
  }
}
