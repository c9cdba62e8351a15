package dev.penstock.models;

import dev.penstock.base.Visible;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One directory in which a model may be: which of its files count, and when they changed. Its files
 * are regular ones inside of it that have no other name: whoever made the directory may not be
 * allowed to read what a link leads to, and need not be the one who gets to see it.
 */
final class ModelFolder {
  static final String CONFIG = "config.json";
  static final String TOKENIZER = "tokenizer.json";
  static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  static final String LENGTH = "sentence_bert_config.json";
  static final String POOLING = "1_Pooling/config.json";
  static final String PROMPTS = "config_sentence_transformers.json";
  static final String MODULES = "modules.json";

  static final String TEMPLATE = "chat_template.jinja";

  /** What the operator says of it. */
  static final String CHOICES = "model.yaml";

  private static final String ONNX = "model.onnx";
  private static final List<String> ONNX_FOLDERS = List.of("onnx", "");
  private static final Set<String> OTHERS =
      Set.of(
          CONFIG,
          TOKENIZER,
          TOKENIZER_CONFIG,
          LENGTH,
          POOLING,
          PROMPTS,
          MODULES,
          TEMPLATE,
          CHOICES);

  /** Beside a model there are its weights, in a few parts; more files than this do not count. */
  private static final int MOST_FILES = 1_000;

  private static final int MOST_FOLDERS = 20;

  /** More are not even counted. */
  private static final int MOST_ENTRIES = 100_000;

  /** A name in the same folder, on any system. ASCII: of others native code may make another. */
  private static final String PLAIN_NAME = "(?!\\.{1,2}$)[ -~&&[^/\\\\:]]{1,255}";

  private final Path folder;
  private final Path root;

  /** What has been given out, by {@link #file}. */
  private final Set<Path> used = new TreeSet<>();

  private @Nullable Path home;

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
    List<Path> folders = folders();
    Instant newest = Instant.EPOCH;
    long revision = 0;
    long state = 0;
    for (Path in : folders) {
      Stamp own = Stamp.of(in);
      newest = latest(newest, own);
      state = 31 * state + own.hashCode();
      for (Path file : list(in)) {
        boolean inside = inside(file);
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
          revision = 31 * revision + Boolean.hashCode(stamp.names > 1);
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
   * @param names how many it has; 1 where the system does not say
   */
  private record Stamp(long size, Instant modified, Instant changed, int names) {
    static Stamp of(Path path) throws IOException {
      try {
        Map<String, Object> unix =
            Files.readAttributes(path, "unix:size,lastModifiedTime,ctime,nlink");
        return new Stamp(
            (Long) Objects.requireNonNull(unix.get("size")),
            time(unix.get("lastModifiedTime")),
            time(unix.get("ctime")),
            (Integer) Objects.requireNonNull(unix.get("nlink")));
      } catch (UnsupportedOperationException | IllegalArgumentException e) {
        Instant modified = Files.getLastModifiedTime(path).toInstant();
        return new Stamp(Files.size(path), modified, modified, 1);
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

  /** What tells apart any two states of the files that have been given out. */
  String fingerprint() throws IOException {
    MessageDigest digest = sha256();
    for (Path file : used) {
      String line = name(file) + '\0' + Stamp.of(file) + '\0';
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /** The directory itself, wherever links to it are. */
  private Path home() throws BrokenModel, IOException {
    Path known = home;
    if (known == null) {
      known = folder.toRealPath();
      if (!known.startsWith(root)) {
        throw new BrokenModel("it is a link that leads out of models.dir");
      }
      home = known;
    }
    return known;
  }

  private boolean inside(Path path) throws BrokenModel, IOException {
    return path.toRealPath().startsWith(home());
  }

  private BrokenModel leadsOut(Path file) {
    return new BrokenModel(name(file) + " is a link that leads out of its directory");
  }

  /** What messages call the file. */
  String name(Path file) {
    return folder.relativize(file).toString();
  }

  /**
   * The file itself, to which a link in the directory may lead; empty when there is none.
   *
   * @throws BrokenModel when it is no regular file, or not the directory's own
   */
  Optional<Path> file(String name) throws BrokenModel, IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    Path real;
    try {
      real = file.toRealPath();
    } catch (AccessDeniedException e) {
      throw e;
    } catch (FileSystemException e) {
      throw new BrokenModel(name + " is a link that leads nowhere");
    }
    if (!real.startsWith(home())) {
      throw leadsOut(file);
    }
    if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
      throw new BrokenModel(name + " is no regular file");
    }
    if (Stamp.of(real).names > 1) {
      throw new BrokenModel(
          name
              + " has another name as well (a hard link), maybe elsewhere: put a copy in its place");
    }
    Path own = folder.resolve(home().relativize(real));
    used.add(own);
    return Optional.of(own);
  }

  Path require(String name) throws BrokenModel, IOException {
    return file(name).orElseThrow(() -> new BrokenModel(name + " is missing"));
  }

  /** Whether there is an ONNX model at one of its usual places. */
  boolean hasOnnx() {
    for (String place : ONNX_FOLDERS) {
      if (Files.exists(folder.resolve(place).resolve(ONNX), LinkOption.NOFOLLOW_LINKS)) {
        return true;
      }
    }
    return false;
  }

  /** The names of the files right in it that end so, and are not hidden. */
  List<String> ending(String suffix) throws BrokenModel, IOException {
    return list(folder).stream()
        .filter(file -> !hidden(file))
        .map(this::name)
        .filter(name -> name.endsWith(suffix))
        .toList();
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
    if (!part.file().matches(PLAIN_NAME)) {
      throw new BrokenModel(
          "%s has weights outside of its directory: %s is not the name of a file beside it"
              .formatted(name(onnx), Visible.quoted(part.file())));
    }
    String name = name(onnx.resolveSibling(part.file()));
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

  /** The directory itself, and those in it; not those that a link leads to. */
  private List<Path> folders() throws BrokenModel, IOException {
    List<Path> folders = new ArrayList<>(List.of(folder));
    List<Path> below;
    try (Stream<Path> all = Files.list(folder)) {
      below =
          all.limit(MOST_ENTRIES)
              .filter(path -> !hidden(path))
              .filter(Files::isDirectory)
              .sorted()
              .limit(MOST_FOLDERS)
              .toList();
    }
    for (Path each : below) {
      if (inside(each)) {
        folders.add(each);
      }
    }
    return folders;
  }

  /** The files in a folder, by name; none where it is not there, or elsewhere. */
  private List<Path> list(Path in) throws BrokenModel, IOException {
    if (!Files.isDirectory(in) || !inside(in)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(in)) {
      return files
          .limit(MOST_ENTRIES)
          .filter(Files::isRegularFile)
          .sorted()
          .limit(MOST_FILES)
          .toList();
    }
  }
}
