package dev.penstock.models;

import dev.penstock.base.Visible;
import dev.penstock.models.ModelFolder.Look;
import java.io.IOException;
import java.io.UncheckedIOException;
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

  /** More are not even counted. */
  private static final int MOST_ENTRIES = 100_000;

  private final Path dir;
  private final Set<String> taken;
  private final InstantSource clock;
  private final Set<String> ignored = new HashSet<>();
  private SortedMap<String, Seen> models = new TreeMap<>();
  private boolean first = true;

  /** The log has said so. */
  private boolean unreadable;

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
     * @param aliases other names that it would have
     */
    record Broken(String reason, List<String> aliases) implements Found {
      Broken(String reason) {
        this(reason, List.of());
      }
    }

    /**
     * A directory that somebody is writing still.
     *
     * @param reason words for users
     */
    record Unfinished(String reason) implements Found {
      static Unfinished so(Found far) {
        String writing = "its files are still being written";
        return new Unfinished(
            far instanceof Broken(String reason, _) && !reason.isEmpty()
                ? reason + "; " + writing
                : writing);
      }
    }
  }

  /**
   * @param since when the files were first seen like this
   * @param settled whether they are complete, as far as one can tell
   * @param told what the log says of it
   */
  private record Seen(
      Look look, Instant since, boolean settled, Found found, @Nullable Found told) {

    /** Whether it would be found the same again: a broken model may lack a file of any name. */
    boolean standsFor(Look now) {
      return settled
          && (found instanceof Found.Model
              ? look.revision().equals(now.revision())
              : look.state().equals(now.state()));
    }
  }

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
    } catch (IOException | UncheckedIOException e) {
      if (!unreadable) {
        unreadable = true;
        LOG.warn("models.dir cannot be read; the models stay as they were: {}", e.toString());
      }
      return;
    }
    unreadable = false;
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

  /**
   * A model that could be read turned out not to work: it is broken until its files change. False:
   * they are changing, or have.
   */
  boolean mark(ModelSpec spec, String reason) {
    Seen seen = models.get(spec.name());
    if (seen == null || !stands(spec)) {
      return false;
    }
    var broken = new Found.Broken(reason, spec.aliases());
    models.put(spec.name(), new Seen(seen.look, seen.since, true, broken, broken));
    return true;
  }

  /** Where a model of that name is. */
  ModelPlace place(String name) {
    return new ModelPlace(dir.toAbsolutePath(), name);
  }

  /** Whether the model's files are at rest, and what it was read from. */
  boolean stands(ModelSpec spec) {
    Seen seen = models.get(spec.name());
    return seen != null && seen.settled && seen.found.equals(new Found.Model(spec));
  }

  private List<Path> folders() throws IOException {
    if (!Files.isDirectory(dir)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(dir)) {
      return all.limit(MOST_ENTRIES)
          .filter(path -> !path.getFileName().toString().startsWith("."))
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
    } catch (BrokenModel | IOException | RuntimeException | StackOverflowError e) {
      return told(name, before, new Seen(Look.NONE, now, true, broken(e), null));
    }
    if (before != null && before.standsFor(look)) {
      return new Seen(look, before.since, true, before.found, before.told);
    }
    Seen same = before != null && before.look.state().equals(look.state()) ? before : null;
    Instant since = same == null ? now : same.since;
    // A time in the future says nothing; and the clock may have been set meanwhile, either way.
    boolean rested =
        !look.newest().plus(SETTLED).isAfter(now)
            || Duration.between(since, now).abs().compareTo(SETTLED) >= 0;
    // What was there before the start is taken as it is, if it is whole.
    Found found = first || rested ? read(folder, look) : new Found.Broken("");
    if (rested || found instanceof Found.Model) {
      return told(name, before, new Seen(look, since, true, found, null));
    }
    if (same != null) {
      return same;
    }
    Found meanwhile =
        before != null && before.found instanceof Found.Model
            ? before.found
            : Found.Unfinished.so(found);
    return new Seen(look, since, false, meanwhile, before == null ? null : before.told);
  }

  private static Found read(ModelFolder folder, Look look) {
    try {
      return new Found.Model(new FolderReader(folder).read(look.revision()));
    } catch (BrokenModel | IOException | RuntimeException | StackOverflowError e) {
      return broken(e);
    }
  }

  /** Whatever it is, it is this directory's: the others go on. */
  private static Found broken(Throwable cause) {
    return new Found.Broken(
        cause instanceof BrokenModel
            ? String.valueOf(cause.getMessage())
            : "a file cannot be read (" + cause.getClass().getSimpleName() + ")");
  }

  /** Logs what is new about it. */
  private static Seen told(String name, @Nullable Seen before, Seen now) {
    if (before == null || !now.found.equals(before.told)) {
      switch (now.found) {
        case Found.Model(ModelSpec spec) ->
            LOG.info("model {} found in models.dir: {}", name, spec.traits().summary());
        case Found.Broken(String reason, _) -> LOG.warn("model {} is broken: {}", name, reason);
        case Found.Unfinished(_) -> {}
      }
    }
    return new Seen(now.look, now.since, now.settled, now.found, now.found);
  }
}
