package dev.penstock.config;

import dev.penstock.base.Visible;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A YAML file as dotted keys and their values: {@code api:} with {@code port:} below it is {@code
 * api.port}, which may also be written so.
 */
final class FlatYaml {
  private final String name;
  private final Map<String, YamlNode.Scalar> scalars = new LinkedHashMap<>();
  private final Map<String, String> values = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();

  private FlatYaml(String name) {
    this.name = name;
  }

  static FlatYaml empty() {
    return new FlatYaml("");
  }

  static FlatYaml of(YamlFile file) {
    FlatYaml flat = new FlatYaml(file.name());
    flat.add("", file.root());
    return flat;
  }

  private void add(String key, YamlNode node) {
    switch (node) {
      case YamlNode.Scalar scalar -> {
        if (scalars.putIfAbsent(key, scalar) == null) {
          values.put(key, scalar.text());
        } else {
          problems.add(at(scalar) + ": the key " + Visible.quoted(key) + " is there twice");
        }
      }
      case YamlNode.Items items ->
          problems.add(at(items) + ": " + Visible.quoted(key) + " must be one value, not a list");
      case YamlNode.Fields fields ->
          fields
              .fields()
              .forEach((word, below) -> add(key.isEmpty() ? word : key + "." + word, below));
    }
  }

  /** Adds to the problems what is not a key, and drops it. */
  void checkKnown(Collection<String> known, List<String> found) {
    found.addAll(problems);
    values
        .entrySet()
        .removeIf(entry -> {
          String key = entry.getKey();
          if (known.contains(key)) {
            return false;
          }
          boolean section = known.stream().anyMatch(other -> other.startsWith(key + "."));
          if (section && !entry.getValue().isEmpty()) {
            found.add(
                "%s (%s): a section, which has keys and no value of its own"
                    .formatted(key, origin(key)));
          } else if (!section) {
            found.add(KnownKeys.unknown(key, origin(key), known));
          }
          return true;
        });
  }

  /** In the order of the file. */
  Map<String, String> values() {
    return values;
  }

  int line(String key) {
    YamlNode.Scalar scalar = scalars.get(key);
    if (scalar == null) {
      throw new IllegalArgumentException("no key " + key);
    }
    return scalar.line();
  }

  String origin(String key) {
    return name + ", line " + line(key);
  }

  private String at(YamlNode node) {
    return name + ", line " + node.line();
  }
}
