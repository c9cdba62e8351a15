package dev.penstock.config;

import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The values of settings and where each came from. What is added later wins, key by key: so a list,
 * which is one value, goes as a whole, and of a map each field by itself.
 */
final class GivenValues {
  private static final int MOST_OF_A_SECRET = 64 * 1024;

  private record Value(String text, String origin) {}

  private final KnownSettings known;
  private final List<String> problems;
  private final Map<String, Value> values = new HashMap<>();

  /**
   * None yet.
   *
   * @param problems told all that is wrong, a line each
   */
  GivenValues(KnownSettings known, List<String> problems) {
    this.known = known;
    this.problems = problems;
  }

  /** {@code api:} with {@code port:} below it is {@code api.port}, which may also be written so. */
  void addFile(YamlFile file) {
    addFields(file.name(), "", file.root(), new HashSet<>());
  }

  private void addFields(String file, String prefix, YamlNode.Fields fields, Set<String> seen) {
    fields
        .fields()
        .forEach((word, node) -> {
          String key = prefix + word;
          String origin = file + ", line " + node.line();
          if (node instanceof YamlNode.Fields below && !below.fields().isEmpty()) {
            addFields(file, key + ".", below, seen);
          } else if (!seen.add(key)) {
            problems.add(origin + ": the key " + Visible.quoted(key) + " is there twice");
          } else {
            known
                .find(key)
                .ifPresentOrElse(
                    setting -> addNode(setting, node, origin), () -> refuse(key, node, origin));
          }
        });
  }

  private void addNode(SettingKey setting, YamlNode node, String origin) {
    switch (node) {
      case YamlNode.Scalar(var text, _) -> put(setting.key(), text, origin);
      case YamlNode.Items(var items, _) when setting.list() -> {
        List<String> texts = new ArrayList<>();
        for (YamlNode item : items) {
          if (item instanceof YamlNode.Scalar(var text, _)
              && !text.isBlank()
              && text.indexOf(',') < 0) {
            texts.add(text);
          } else {
            problems.add(
                "%s: an item of %s must be one value, not empty and without commas"
                    .formatted(origin, Visible.quoted(setting.key())));
            return;
          }
        }
        put(setting.key(), String.join(",", texts), origin);
      }
      case YamlNode.Items _, YamlNode.Fields _ ->
          problems.add(
              "%s: %s must be one value%s, not a %s"
                  .formatted(
                      origin,
                      Visible.quoted(setting.key()),
                      setting.list() ? " or a list" : "",
                      node instanceof YamlNode.Items ? "list" : "section"));
    }
  }

  /** Where the key is no setting. A section may be left empty, but a name means nothing alone. */
  private void refuse(String key, YamlNode node, String origin) {
    boolean empty =
        node instanceof YamlNode.Fields
            || (node instanceof YamlNode.Scalar(var text, _) && text.isEmpty());
    if (!known.isSection(key) || (empty && known.isName(key))) {
      problems.add(known.unknown(key, origin));
    } else if (!empty) {
      problems.add(
          "%s (%s): a section, which has keys and no value of its own".formatted(key, origin));
    }
  }

  /** An empty variable counts as not set; what means no setting is nobody's business here. */
  void addVariables(Map<String, String> environment) {
    for (SettingKey setting : known.of(Set.of())) {
      for (String name : List.of(setting.also(), setting.variable())) {
        addVariable(setting.key(), name, environment.getOrDefault(name, ""));
      }
    }
    new TreeMap<>(environment)
        .forEach((name, text) -> {
          try {
            known.ofMap(name).ifPresent(key -> addVariable(key, name, text));
          } catch (IllegalArgumentException e) {
            problems.add("environment variable " + Visible.text(name) + ": " + e.getMessage());
          }
        });
  }

  private void addVariable(String key, String name, String text) {
    if (!text.isEmpty()) {
      put(key, text, "environment variable " + name);
    }
  }

  void addCommandLine(Map<String, String> keys) {
    keys.forEach((key, text) ->
        known
            .find(key)
            .ifPresentOrElse(
                _ -> put(key, text, "command line"),
                () -> problems.add(known.unknown(key, "command line"))));
  }

  private void put(String key, String text, String origin) {
    values.put(key, new Value(text, origin));
  }

  /** All values as their types take them, the defaults among them; what is wrong is left out. */
  Map<String, String> checked() {
    Map<String, String> checked = new HashMap<>();
    for (SettingKey setting : known.of(values.keySet())) {
      if (setting.secret()) {
        readSecret(setting);
      }
      try {
        checked.put(setting.key(), setting.rule().read().apply(text(setting)));
      } catch (IllegalArgumentException _) {
        problem(setting.key(), "must be " + setting.allowed());
      }
    }
    return checked;
  }

  private String text(SettingKey setting) {
    Value value = values.get(setting.key());
    return value == null ? setting.standard() : value.text();
  }

  private void readSecret(SettingKey secret) {
    String file = text(secret.file());
    if (file.isEmpty() || !secret.file().rule().allows(file)) {
      return;
    }
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      String text = new String(in.readNBytes(MOST_OF_A_SECRET), StandardCharsets.UTF_8);
      String line = text.lines().findFirst().orElse("").strip();
      if (line.isEmpty()) {
        problem(secret.file().key(), "its first line is empty");
      } else {
        put(secret.key(), line, "file " + Visible.text(file));
      }
    } catch (NoSuchFileException _) {
      problem(secret.file().key(), "there is no such file");
    } catch (IOException e) {
      problem(secret.file().key(), "cannot be read: " + Visible.text(e.toString()));
    }
  }

  /** One line that names the key, its value unless that is a secret, its origin and the fault. */
  void problem(String key, String message) {
    SettingKey setting = known.find(key).orElseThrow();
    Value value = values.get(key);
    String text = text(setting);
    problems.add(
        "%s%s (%s): %s%s"
            .formatted(
                key,
                setting.secret() ? "" : " = " + Visible.quoted(text),
                value == null ? "default" : value.origin(),
                message,
                text.startsWith("tcp://")
                    ? " (Kubernetes sets such variables for a service of that name:"
                        + " enableServiceLinks: false)"
                    : ""));
  }
}
