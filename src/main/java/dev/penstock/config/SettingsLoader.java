package dev.penstock.config;

import dev.penstock.base.Quantities;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings, once, from four places and no others: the command line, the environment, the
 * file given with {@code --conf}, and the defaults inside the program, the first of them that has a
 * key deciding. Checks everything before anything starts.
 */
public final class SettingsLoader {
  private static final String DEFAULTS = "conf/penstock.yaml";
  private static final int CONVERTER_PRIORITY = 200;

  /** Variables by other names, for keys whose own variable is not set. */
  private static final Map<String, String> ALSO =
      Map.of(
          "api.port", "SERVER_PORT",
          "rabbitmq.prefetch", "PREFETCH_COUNT",
          "cluster.enabled", "CLUSTER");

  private SettingsLoader() {}

  /**
   * Reads and checks everything.
   *
   * @param commandLine keys as files name them ({@code api.port}) and their values
   * @param environment the process's environment; an empty variable counts as not set
   * @param confFile read only when given: no file is looked for
   * @throws BadSettings carrying everything that is wrong
   */
  public static Settings load(
      Map<String, String> commandLine, Map<String, String> environment, @Nullable Path confFile) {
    FlatYaml defaults = FlatYaml.of(YamlFile.ofResource(DEFAULTS));
    Set<String> known = defaults.values().keySet();
    List<String> problems = new ArrayList<>();
    Origins origins = new Origins();

    FlatYaml file = FlatYaml.empty();
    if (confFile != null) {
      file = FlatYaml.of(YamlFile.of(confFile));
      file.checkKnown(known, problems);
      origins.put(file.values().keySet(), file::origin);
    }
    Map<String, String> variables = variables(environment, known, origins);
    for (String key : commandLine.keySet()) {
      if (!known.contains(key)) {
        problems.add(KnownKeys.unknown(key, "command line", known));
      }
    }
    origins.put(commandLine.keySet(), key -> "command line");

    SmallRyeConfig config =
        new SmallRyeConfigBuilder()
            .withSources(
                source("command line", 400, commandLine),
                new EnvConfigSource(variables, 300),
                source("file", 200, file.values()),
                source("defaults", 100, defaults.values()))
            .withInterceptors(new DerivedValues(environment.get("CUDA_VISIBLE_DEVICES")))
            .withConverter(Duration.class, CONVERTER_PRIORITY, Quantities::duration)
            .withConverter(
                Path.class, CONVERTER_PRIORITY, text -> text.isEmpty() ? null : Path.of(text))
            .withConverter(
                Settings.Log.Level.class,
                CONVERTER_PRIORITY,
                text -> Settings.Log.Level.valueOf(text.strip().toUpperCase(Locale.ROOT)))
            .build();
    for (String key : known) {
      String value = config.getConfigValue(key).getValue();
      Rule rule = Rules.of(key);
      if (value == null || !rule.allows(value)) {
        problems.add(origins.problem(key, value, "must be " + rule.allowed()));
      }
    }
    if (problems.isEmpty()) {
      Settings settings = typed(config);
      Rules.checkTogether(
          settings,
          (key, message) ->
              problems.add(origins.problem(key, config.getConfigValue(key).getValue(), message)));
      if (problems.isEmpty()) {
        return settings;
      }
    }
    throw new BadSettings(problems);
  }

  /** Every setting, in the order of conf/penstock.yaml. */
  public static List<SettingKey> keys() {
    YamlFile file = YamlFile.ofResource(DEFAULTS);
    FlatYaml defaults = FlatYaml.of(file);
    List<String> lines = file.text().lines().toList();
    return defaults.values().entrySet().stream()
        .map(entry -> {
          String key = entry.getKey();
          // A comment of one line stands above each key.
          String above = lines.get(defaults.line(key) - 2).strip();
          String description = above.startsWith("#") ? above.substring(1).strip() : "";
          return new SettingKey(
              key, entry.getValue(), description, Rules.of(key).allowed(), variable(key));
        })
        .toList();
  }

  private static Settings typed(SmallRyeConfig config) {
    try {
      ConfigMappings.registerConfigMappings(
          config, Set.of(ConfigMappings.ConfigClass.configClass(Settings.class)));
      return config.getConfigMapping(Settings.class);
    } catch (ConfigValidationException e) {
      // Not reached by a wrong value, which its rule has refused: rule and type disagree.
      throw new IllegalStateException("settings that passed their rules have no type", e);
    }
  }

  /** The variables that mean a key of ours. Others are nobody's business here. */
  private static Map<String, String> variables(
      Map<String, String> environment, Set<String> known, Origins origins) {
    Map<String, String> variables = new HashMap<>();
    for (String key : known) {
      String name = variable(key);
      String value = environment.getOrDefault(name, "");
      if (value.isEmpty() && ALSO.containsKey(key)) {
        name = ALSO.get(key);
        value = environment.getOrDefault(name, "");
      }
      if (!value.isEmpty()) {
        variables.put(variable(key), value);
        String origin = "environment variable " + name;
        origins.put(Set.of(key), any -> origin);
      }
    }
    return variables;
  }

  private static String variable(String key) {
    return key.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
  }

  private static ConfigSource source(String name, int ordinal, Map<String, String> values) {
    return new PropertiesConfigSource(values, name, ordinal);
  }
}
