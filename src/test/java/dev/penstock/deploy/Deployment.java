package dev.penstock.deploy;

import dev.penstock.config.SettingKey;
import dev.penstock.start.SettingGroups;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The files of a deployment, read as the programs read them that they are for. */
final class Deployment {
  /** Variables of ours that are no settings: the launcher's and the JVM's. */
  private static final Set<String> BESIDE =
      Set.of("CLUSTER", "JAVA_OPTS", "SERVER_PORT", "PREFETCH_COUNT");

  /** {@code ${NAME}}, {@code ${NAME:-standard}} or {@code ${NAME:?message}}. */
  private static final Pattern VARIABLE =
      Pattern.compile("(?<!\\$)\\$\\{([A-Z_]+)(?::([-?])([^}]*))?}");

  private Deployment() {}

  /**
   * A variable that a compose file asks for.
   *
   * @param kind {@code -}: with a standard value; {@code ?}: refused where it is not set
   */
  record Variable(String name, String kind, String text) {}

  static Map<String, Object> yaml(String file) throws IOException {
    return yamls(file).getFirst();
  }

  static List<Map<String, Object>> yamls(String file) throws IOException {
    // Keys given twice are mistakes; merging keys is no giving twice.
    var options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    var documents = new ArrayList<Map<String, Object>>();
    for (Object document :
        new Yaml(new SafeConstructor(options)).loadAll(Files.readString(Path.of(file)))) {
      documents.add(map(document));
    }
    return documents;
  }

  @SuppressWarnings("unchecked") // keys of these files are strings
  static Map<String, Object> map(@Nullable Object value) {
    return value == null ? Map.of() : (Map<String, Object>) value;
  }

  /** What lies at the path; an empty map where nothing does. */
  static Map<String, Object> map(@Nullable Object value, String... path) {
    Map<String, Object> at = map(value);
    for (String key : path) {
      at = map(at.get(key));
    }
    return at;
  }

  static List<?> list(@Nullable Object value) {
    return value == null ? List.of() : (List<?>) value;
  }

  static String text(@Nullable Object value, String key) {
    return String.valueOf(map(value).get(key));
  }

  static List<Variable> variables(String text) {
    return VARIABLE
        .matcher(text)
        .results()
        .map(found ->
            new Variable(
                found.group(1),
                found.group(2) == null ? "" : found.group(2),
                found.group(3) == null ? "" : found.group(3)))
        .toList();
  }

  /** Names and values of lines such as {@code NAME=value}. */
  static Map<String, String> assignments(String file) throws IOException {
    var found = new TreeMap<String, String>();
    for (String line : Files.readAllLines(Path.of(file))) {
      if (!line.isBlank() && !line.startsWith("#")) {
        int equals = line.indexOf('=');
        if (equals < 1
            || found.put(line.substring(0, equals), line.substring(equals + 1)) != null) {
          throw new IOException(file + ": not NAME=value, or twice: " + line);
        }
      }
    }
    return found;
  }

  /** The names of variables that the program in the container knows. */
  static Set<String> known() {
    Set<String> names = new HashSet<>(BESIDE);
    SettingGroups.keys().stream().map(SettingKey::variable).forEach(names::add);
    return names;
  }

  static String standard(String key) {
    return SettingGroups.keys().stream()
        .filter(setting -> setting.key().equals(key))
        .map(SettingKey::standard)
        .findFirst()
        .orElseThrow();
  }

  static Set<String> routes() throws IOException {
    return map(yaml("src/main/resources/webroot/openapi.yaml"), "paths").keySet();
  }
}
