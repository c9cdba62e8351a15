package dev.penstock.types;

import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.models.ModelSpec;
import dev.penstock.types.embedding.EmbeddingType;
import dev.penstock.types.generation.GenerationType;
import dev.penstock.types.ping.PingType;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The task types that there are: those built in, and what plugins bring. */
public final class TaskTypes {
  /** A new one is a room beside this class, and a name here. */
  public static final List<TaskType> BUILT_IN =
      List.of(new EmbeddingType(), new GenerationType(), new PingType());

  private final Map<String, TaskType> types = new TreeMap<>();
  private final Loaded settings;

  /**
   * @param builtIn {@link #BUILT_IN}, but for tests
   * @param brought by plugins; their names differ from those built in
   * @param settings with those that types declare
   */
  public TaskTypes(
      Collection<? extends TaskType> builtIn,
      Collection<? extends TaskType> brought,
      Loaded settings) {
    this.settings = settings;
    builtIn.forEach(type -> types.put(type.name(), type));
    brought.forEach(type -> types.put(type.name(), type));
    types.values().forEach(TaskType::warmUp);
  }

  /** In the order of their names. */
  public Collection<TaskType> all() {
    return Collections.unmodifiableCollection(types.values());
  }

  /** Sorted. */
  public Set<String> names() {
    return Collections.unmodifiableSet(types.keySet());
  }

  /** The model of tasks that name none, by name or alias. Null: each has to name one. */
  public @Nullable String defaultModel(TaskType type) {
    return type.defaultModel(settings);
  }

  /** How long one run of a task may take that does not say; null: as the settings of all say. */
  public @Nullable Duration timeout(TaskType type) {
    return type.timeout(settings);
  }

  /** What is doubtful about the form that an input asks for, as headers of the reply. */
  public Map<String, String> warnings(
      TaskType type, TaskType.Form form, String name, @Nullable ModelSpec model) {
    return type.warnings(form, name, model, settings);
  }

  /** The settings that a type declares. */
  public <T> T settings(Class<T> group) {
    return settings.group(group);
  }

  public Optional<TaskType> find(String name) {
    return Optional.ofNullable(types.get(name));
  }
}
