package dev.penstock.models;

import dev.penstock.base.Visible;
import dev.penstock.config.BadSettings;
import dev.penstock.config.YamlFile;
import dev.penstock.models.ModelsDirectory.Found;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models this program knows: those of models.yaml, and those in the directories of {@code
 * models.dir}, which may come, change and go while it runs. Safe for use by many threads.
 */
public final class ModelCatalogue {
  private static final Logger LOG = LoggerFactory.getLogger(ModelCatalogue.class);
  private static final String BUNDLED = "conf/models.yaml";

  /** Asking for a name that nobody knows makes us look again, no more often than this. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  private final List<ModelSpec> listed;
  private final @Nullable ModelsDirectory directory;
  private final InstantSource clock;

  /** Models of models.yaml that turned out not to work, and why. Guarded by {@link #lock}. */
  private final Map<String, String> marked = new TreeMap<>();

  /** Aliases of which the log has said that others have them. Guarded by {@link #lock}. */
  private final Set<String> taken = new HashSet<>();

  /** Held while looking into the directory. */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile View view;
  private volatile Instant looked;

  private ModelCatalogue(List<ModelSpec> listed, @Nullable Path dir, InstantSource clock) {
    this.listed = List.copyOf(listed);
    this.clock = clock;
    this.directory =
        dir == null ? null : new ModelsDirectory(dir, byName(listed, Set.of()).keySet(), clock);
    this.view =
        new View(this.listed, byName(listed, Set.of()), new TreeMap<>(), Map.of(), Set.of());
    this.looked = clock.instant();
    rescan();
  }

  /**
   * What there is at one time.
   *
   * @param broken why, by name
   * @param whyNone why, by every name that a model would have
   * @param unfinished those of the broken ones that may be whole in a moment
   */
  private record View(
      List<ModelSpec> all,
      Map<String, ModelSpec> byName,
      SortedMap<String, String> broken,
      Map<String, String> whyNone,
      Set<String> unfinished) {}

  /**
   * Reads a models.yaml, the one inside the program where no file is given.
   *
   * @throws BadSettings naming every model and key that is wrong
   */
  public static ModelCatalogue load(ModelForms forms, @Nullable Path file) {
    return of(listed(forms, file));
  }

  /**
   * The same, and the models in the directory, which need not be there.
   *
   * @throws BadSettings naming every model and key that is wrong in models.yaml; a directory that
   *     is no model is in {@link #broken}
   */
  public static ModelCatalogue load(ModelForms forms, @Nullable Path file, Path dir) {
    return new ModelCatalogue(listed(forms, file), dir, InstantSource.system());
  }

  /** A catalogue of these and no others. */
  public static ModelCatalogue of(List<ModelSpec> models) {
    return new ModelCatalogue(models, null, InstantSource.system());
  }

  static ModelCatalogue of(List<ModelSpec> listed, Path dir, InstantSource clock) {
    return new ModelCatalogue(listed, dir, clock);
  }

  private static List<ModelSpec> listed(ModelForms forms, @Nullable Path file) {
    YamlFile yaml = file == null ? YamlFile.ofResource(BUNDLED) : YamlFile.of(file);
    return new CatalogueReader(yaml, forms).read();
  }

  /** In the order of models.yaml, then the directories by name. Broken ones are left out. */
  public List<ModelSpec> all() {
    return view.all;
  }

  /** Those of a kind, in the same order. */
  public List<ModelSpec> all(String kind) {
    return view.all.stream().filter(spec -> spec.is(kind)).toList();
  }

  /**
   * The model of that name or alias. May look into the directory, so it blocks: not for event
   * loops.
   */
  public Optional<ModelSpec> find(String name) {
    Optional<ModelSpec> known = known(name);
    if (known.isEmpty()
        && directory != null
        && name.matches(CatalogueReader.ALIAS)
        && Duration.between(looked, clock.instant()).abs().compareTo(LOOK_AGAIN) >= 0) {
      rescan();
      return known(name);
    }
    return known;
  }

  /** The model of that name or alias, as the last look found it. Does not block. */
  public Optional<ModelSpec> known(String name) {
    return Optional.ofNullable(view.byName.get(name));
  }

  /** The model of that name or alias, if it is of that kind; may block as well. */
  public Optional<ModelSpec> find(String name, String kind) {
    return find(name).filter(spec -> spec.is(kind));
  }

  /**
   * Why there is no model of that kind under that name; empty where none has the name.
   *
   * @param name for which {@link #find(String, String)} is empty
   */
  public Optional<String> whyNone(String name, String kind) {
    return whyBroken(name)
        .or(() ->
            known(name)
                .filter(spec -> !spec.is(kind))
                .map(spec -> "it is a model for " + spec.traits().kind() + ", not " + kind));
  }

  /** Why the model of that name or alias cannot be used; empty where it can, or is none. */
  public Optional<String> whyBroken(String name) {
    return Optional.ofNullable(view.whyNone.get(name));
  }

  /** The models that cannot be used, by name, and why. */
  public SortedMap<String, String> broken() {
    return view.broken;
  }

  /** Those of them that nobody is writing just now: they stay as they are until somebody does. */
  public List<String> lasting() {
    return view.broken.keySet().stream().filter(name -> !view.unfinished.contains(name)).toList();
  }

  /**
   * The model that a setting names.
   *
   * @param key the setting's
   */
  public ModelSpec require(String key, String name, String kind) {
    return find(name, kind)
        .orElseThrow(() ->
            new BadSettings(
                "%s = %s: must be a model of models.yaml or models.dir: %s"
                    .formatted(
                        key,
                        Visible.quoted(name),
                        whyBroken(name)
                            .map(why -> "it is broken: " + why)
                            .orElseGet(() -> names(all(kind))))));
  }

  /** Every name there is, for a message. */
  public String names() {
    return names(view.all);
  }

  private static String names(List<ModelSpec> models) {
    return models.stream()
        .map(model ->
            model.aliases().isEmpty()
                ? model.name()
                : model.name() + " (also " + String.join(", ", model.aliases()) + ")")
        .collect(Collectors.joining("; "));
  }

  /** Looks into the directory. Where another thread does so already, it is left to that one. */
  public void rescan() {
    if (directory == null || !lock.tryLock()) {
      return;
    }
    try {
      looked = clock.instant();
      directory.scan();
      publish();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether the model's files are at rest, and the ones that it was found by: else it is not to be
   * opened now. Looks again, so it blocks. A model of models.yaml always stands.
   */
  public boolean stands(ModelSpec spec) {
    if (listed.contains(spec)) {
      return true;
    }
    if (directory == null) {
      return false;
    }
    lock.lock();
    try {
      looked = clock.instant();
      directory.scan();
      publish();
      return directory.stands(spec);
    } finally {
      lock.unlock();
    }
  }

  /** The directory that the model is in; empty for one of models.yaml. */
  public Optional<ModelPlace> place(ModelSpec spec) {
    return directory == null || listed.contains(spec)
        ? Optional.empty()
        : Optional.of(directory.place(spec.name()));
  }

  /**
   * Such a model can never be opened: counts as broken until its files change, or the program
   * starts again where it is one of models.yaml. Says so in the log. A no-op for one that counts as
   * broken already, or whose files have changed since.
   */
  public void markBroken(ModelSpec spec, String reason) {
    lock.lock();
    try {
      boolean is =
          listed.contains(spec)
              ? marked.putIfAbsent(spec.name(), reason) == null
              : directory != null && directory.mark(spec, reason);
      if (is) {
        LOG.error("model {} cannot be opened: {}", spec.name(), reason);
        publish();
      }
    } finally {
      lock.unlock();
    }
  }

  private void publish() {
    List<ModelSpec> all = new ArrayList<>();
    SortedMap<String, String> broken = new TreeMap<>(marked);
    Map<String, String> whyNone = new HashMap<>(marked);
    Set<String> unfinished = new HashSet<>();
    for (ModelSpec spec : listed) {
      String reason = marked.get(spec.name());
      if (reason == null) {
        all.add(spec);
      } else {
        spec.aliases().forEach(alias -> whyNone.put(alias, reason));
      }
    }
    if (directory != null) {
      directory
          .found()
          .forEach((name, found) -> {
            switch (found) {
              case Found.Model(ModelSpec spec) -> all.add(spec);
              case Found.Broken(String reason, List<String> aliases) -> {
                broken.put(name, reason);
                aliases.forEach(alias -> whyNone.putIfAbsent(alias, reason));
              }
              case Found.Unfinished(String reason) -> {
                broken.put(name, reason);
                unfinished.add(name);
              }
            }
          });
    }
    whyNone.putAll(broken);
    Map<String, ModelSpec> byName = byName(all, broken.keySet());
    tellTaken(all, byName);
    view =
        new View(
            List.copyOf(all),
            byName,
            Collections.unmodifiableSortedMap(broken),
            Map.copyOf(whyNone),
            Set.copyOf(unfinished));
  }

  /** Says once which aliases are another model's. */
  private void tellTaken(List<ModelSpec> models, Map<String, ModelSpec> byName) {
    for (ModelSpec model : models) {
      for (String alias : model.aliases()) {
        ModelSpec holder = byName.get(alias);
        if (holder != null && !holder.equals(model) && taken.add(alias + " " + model.name())) {
          LOG.warn(
              "model {}: its alias {} is a name of model {} already",
              model.name(),
              alias,
              holder.name());
        }
      }
    }
  }

  /**
   * A name goes before an alias, and what came first before what came later.
   *
   * @param broken names of models that cannot be used: no other answers for them meanwhile
   */
  private static Map<String, ModelSpec> byName(List<ModelSpec> models, Set<String> broken) {
    Map<String, ModelSpec> names = new HashMap<>();
    models.forEach(model -> names.putIfAbsent(model.name(), model));
    for (ModelSpec model : models) {
      for (String alias : model.aliases()) {
        if (!broken.contains(alias)) {
          names.putIfAbsent(alias, model);
        }
      }
    }
    return names;
  }
}
