package dev.penstock.config;

import dev.penstock.base.Quantities;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings, once, from four places and no others: the command line, the environment, the
 * file given with {@code --conf}, and the defaults, the first of them that has a key deciding.
 * Checks everything before anything starts.
 */
public final class SettingsLoader {
  private static final int CONVERTER_PRIORITY = 200;
  private static final int ORDINAL = 100;

  private SettingsLoader() {}

  /**
   * Reads and checks everything.
   *
   * @param groups declared beside the program's own: see {@link Setting}
   * @param commandLine keys as files name them ({@code api.port}) and their values
   * @param environment the process's environment; an empty variable counts as not set
   * @param confFile read only when given: no file is looked for
   * @throws BadSettings carrying everything that is wrong
   */
  public static Loaded load(
      Collection<Class<?>> groups,
      Map<String, String> commandLine,
      Map<String, String> environment,
      @Nullable Path confFile) {
    List<String> problems = new ArrayList<>();
    GivenValues given = new GivenValues(known(groups), problems);
    if (confFile != null) {
      given.addFile(YamlFile.of(confFile));
    }
    given.addVariables(environment);
    given.addCommandLine(commandLine);
    Map<String, String> values = given.checked();
    if (problems.isEmpty()) {
      derive(values, environment.get("CUDA_VISIBLE_DEVICES"));
      Loaded loaded = typed(groups, values);
      Rules.checkTogether(loaded.settings(), given::problem);
      if (problems.isEmpty()) {
        return loaded;
      }
    }
    throw new BadSettings(problems);
  }

  /** All settings that were read. */
  public static final class Loaded {
    private final SmallRyeConfig config;
    private final Map<String, String> values;

    private Loaded(SmallRyeConfig config, Map<String, String> values) {
      this.config = config;
      this.values = Map.copyOf(values);
    }

    /** The values below these sections, by key, as a command line would give them. */
    public Map<String, String> below(Collection<String> sections) {
      return values.entrySet().stream()
          .filter(value -> !value.getValue().isEmpty())
          .filter(value ->
              sections.stream().anyMatch(section -> value.getKey().startsWith(section + ".")))
          .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** The program's own. */
    public Settings settings() {
      return group(Settings.class);
    }

    /** Those of one of the groups that were asked for. */
    public <T> T group(Class<T> type) {
      return config.getConfigMapping(type);
    }
  }

  /**
   * Every setting, by key; of maps with {@code <name>}.
   *
   * @param groups declared beside the program's own
   */
  public static List<SettingKey> keys(Collection<Class<?>> groups) {
    return known(groups).all();
  }

  private static KnownSettings known(Collection<Class<?>> groups) {
    return new KnownSettings(all(groups).toList());
  }

  private static Stream<Class<?>> all(Collection<Class<?>> groups) {
    return Stream.concat(Stream.of(Settings.class), groups.stream());
  }

  /** Fills in what depends on other settings, or on which GPUs CUDA may show. */
  private static void derive(Map<String, String> values, @Nullable String cudaVisibleDevices) {
    values.computeIfPresent(
        "db.path", (_, path) -> path.isEmpty() ? values.get("data.dir") + "/penstock.db" : path);
    // Only what hides every GPU matters: which ones the others name is between CUDA and the driver.
    if (cudaVisibleDevices != null
        && (cudaVisibleDevices.isBlank() || cudaVisibleDevices.strip().equals("-1"))) {
      values.replace("inference.device", "auto", "cpu");
    }
  }

  private static Loaded typed(Collection<Class<?>> groups, Map<String, String> values) {
    SmallRyeConfig config =
        new SmallRyeConfigBuilder()
            .withSources(new PropertiesConfigSource(values, "settings", ORDINAL))
            .withConverter(Duration.class, CONVERTER_PRIORITY, Quantities::duration)
            .withConverter(
                Path.class, CONVERTER_PRIORITY, text -> text.isEmpty() ? null : Path.of(text))
            .build();
    try {
      ConfigMappings.registerConfigMappings(
          config, all(groups).map(ConfigClass::configClass).collect(Collectors.toSet()));
      return new Loaded(config, values);
    } catch (ConfigValidationException e) {
      // Not reached by a wrong value, which its rule has refused: rule and type disagree.
      throw new IllegalStateException("settings that passed their rules have no type", e);
    }
  }
}
