package dev.penstock.start;

import dev.penstock.config.SettingKey;
import dev.penstock.config.SettingsLoader;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All settings there are: the program's own, and those that task types declare. */
public final class SettingGroups {
  private static final List<Class<?>> OF_TYPES =
      TaskTypes.BUILT_IN.stream()
          .map(TaskType::settings)
          .filter(Objects::nonNull)
          .collect(Collectors.toUnmodifiableList());

  private SettingGroups() {}

  /** Every setting, by key. */
  public static List<SettingKey> keys() {
    return SettingsLoader.keys(OF_TYPES);
  }

  /**
   * Reads and checks all of them: {@link SettingsLoader#load(java.util.Collection, Map, Map,
   * Path)}.
   */
  public static Loaded load(
      Map<String, String> commandLine, Map<String, String> environment, @Nullable Path confFile) {
    return SettingsLoader.load(OF_TYPES, commandLine, environment, confFile);
  }
}
