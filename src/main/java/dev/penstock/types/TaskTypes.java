package dev.penstock.types;

import dev.penstock.types.embedding.EmbeddingType;
import dev.penstock.types.ping.PingType;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The task types that there are: those built in, and what plugins bring. */
public final class TaskTypes {
  /** A new one is a room beside this class, and a line here. */
  public static final List<TaskType> BUILT_IN = List.of(new EmbeddingType(), new PingType());

  private final Map<String, TaskType> types = new TreeMap<>();

  /**
   * @param builtIn {@link #BUILT_IN}, but for tests
   * @param brought by plugins; their names differ from those built in
   */
  public TaskTypes(Collection<? extends TaskType> builtIn, Collection<? extends TaskType> brought) {
    builtIn.forEach(type -> types.put(type.name(), type));
    brought.forEach(type -> types.put(type.name(), type));
  }

  /** In the order of their names. */
  public Collection<TaskType> all() {
    return Collections.unmodifiableCollection(types.values());
  }

  /** Sorted. */
  public Set<String> names() {
    return Collections.unmodifiableSet(types.keySet());
  }

  public Optional<TaskType> find(String name) {
    return Optional.ofNullable(types.get(name));
  }
}
