package dev.penstock.models;

import dev.penstock.base.Visible;
import dev.penstock.models.ModelFolder.Look;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models in {@code models.dir}, a directory each, as the last look found them. Not for use by
 * several threads.
 */
final class ModelsDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(ModelsDirectory.class);

  /** Files that changed later than this may still be written. */
  private static final Duration SETTLED = Duration.ofSeconds(2);

  private static final int MOST_MODELS = 1_000;

  private final Path dir;
  private final Set<String> taken;
  private final InstantSource clock;
  private final Set<String> ignored = new HashSet<>();
  private SortedMap<String, Seen> models = new TreeMap<>();
  private boolean first = true;

  /**
   * @param taken names that models.yaml gives away
   */
  ModelsDirectory(Path dir, Set<String> taken, InstantSource clock) {
    this.dir = dir;
    this.taken = Set.copyOf(taken);
    this.clock = clock;
  }

  /** What a directory turned out to be. */
  sealed interface Found {
    record Model(ModelSpec spec) implements Found {}

    /**
     * A directory that cannot be used.
     *
     * @param reason words for users
     */
    record Broken(String reason) implements Found {}
  }

  /**
   * @param since when the files were first seen like this
   * @param settled whether they are complete, as far as one can tell
   */
  private record Seen(String revision, Instant since, boolean settled, Found found) {}

  /** Looks again. Blocks for as long as the file system does. */
  void scan() {
    SortedMap<String, Seen> now = new TreeMap<>();
    try {
      Path root = Files.isDirectory(dir) ? dir.toRealPath() : dir;
      for (Path path : folders()) {
        String name = path.getFileName().toString();
        if (name.matches(CatalogueReader.NAME) && !taken.contains(name)) {
          now.put(name, seen(name, new ModelFolder(path, root)));
        } else if (ignored.size() < MOST_MODELS && ignored.add(name)) {
          LOG.warn(
              "models.dir: {} is left alone: {}",
              Visible.quoted(name),
              taken.contains(name)
                  ? "models.yaml has a model of that name"
                  : "a model's name is made of letters, digits, dots, dashes and underscores");
        }
      }
    } catch (IOException e) {
      LOG.warn("models.dir cannot be read; the models stay as they were: {}", e.toString());
      return;
    }
    models.keySet().stream()
        .filter(name -> !now.containsKey(name))
        .forEach(name -> LOG.info("model {} is gone from models.dir", name));
    models = now;
    first = false;
  }

  /** By name. */
  SortedMap<String, Found> found() {
    SortedMap<String, Found> found = new TreeMap<>();
    models.forEach((name, seen) -> found.put(name, seen.found));
    return found;
  }

  /** A model that could be read turned out not to work: it is broken until its files change. */
  void mark(ModelSpec spec, String reason) {
    models.computeIfPresent(
        spec.name(),
        (_, seen) ->
            seen.found.equals(new Found.Model(spec))
                ? new Seen(seen.revision, seen.since, true, new Found.Broken(reason))
                : seen);
  }

  private List<Path> folders() throws IOException {
    if (!Files.isDirectory(dir)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(dir)) {
      return all.filter(path -> !path.getFileName().toString().startsWith("."))
          .filter(Files::isDirectory)
          .sorted()
          .limit(MOST_MODELS)
          .toList();
    }
  }

  private Seen seen(String name, ModelFolder folder) {
    Seen before = models.get(name);
    Instant now = clock.instant();
    Look look;
    try {
      look = folder.look();
    } catch (BrokenModel | IOException e) {
      return told(name, before, new Seen("", now, true, broken(e)));
    }
    Seen same = before != null && before.revision.equals(look.revision()) ? before : null;
    if (same != null && same.settled) {
      return same;
    }
    Instant since = same == null ? now : same.since;
    // What was there before the start is taken as it is. A time in the future says nothing.
    boolean settled =
        first
            || !look.newest().plus(SETTLED).isAfter(now)
            // Either way: the clock may have been set meanwhile.
            || (same != null && Duration.between(since, now).abs().compareTo(SETTLED) >= 0);
    if (!settled) {
      Found meanwhile =
          before != null && before.found instanceof Found.Model
              ? before.found
              : new Found.Broken("its files are still being written");
      return new Seen(look.revision(), since, false, meanwhile);
    }
    return told(name, before, new Seen(look.revision(), since, true, read(folder, look)));
  }

  private static Found read(ModelFolder folder, Look look) {
    try {
      return new Found.Model(new FolderReader(folder).read(look.revision()));
    } catch (BrokenModel | IOException e) {
      return broken(e);
    }
  }

  private static Found broken(Exception cause) {
    return new Found.Broken(
        cause instanceof BrokenModel
            ? String.valueOf(cause.getMessage())
            : "a file cannot be read (" + cause.getClass().getSimpleName() + ")");
  }

  /** Logs what is new about it. */
  private static Seen told(String name, @Nullable Seen before, Seen now) {
    if (before == null || !before.found.equals(now.found)) {
      switch (now.found) {
        case Found.Model(ModelSpec spec) ->
            LOG.info("model {} found in models.dir: {}", name, spec.traits().summary());
        case Found.Broken(String reason) -> LOG.warn("model {} is broken: {}", name, reason);
      }
    }
    return now;
  }
}
