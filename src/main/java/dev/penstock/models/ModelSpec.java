package dev.penstock.models;

import java.util.List;

/**
 * A model: what it is called, what it is like, and where it is.
 *
 * @param traits of its kind
 * @param sources for the backends that may run it, the first that can does; not empty
 */
public record ModelSpec(
    String name, List<String> aliases, ModelTraits traits, List<ModelSource> sources) {

  public ModelSpec {
    aliases = List.copyOf(aliases);
    sources = List.copyOf(sources);
    if (sources.isEmpty()) {
      throw new IllegalArgumentException("model " + name + " is nowhere");
    }
  }

  /** Whether it is of that kind. */
  public boolean is(String kind) {
    return traits.kind().equals(kind);
  }
}
