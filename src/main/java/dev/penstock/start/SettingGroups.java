package dev.penstock.start;

import dev.penstock.config.SettingKey;
import dev.penstock.config.SettingsLoader;
import dev.penstock.config.SettingsLoader.Loaded;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All settings there are: the program's own, and those that task types declare. */
public final class SettingGroups {
  private SettingGroups() {}

  /** Every setting, by key. */
  public static List<SettingKey> keys() {
    return SettingsLoader.keys(Abilities.BUILT_IN.settings());
  }

  /**
   * Reads and checks all of them: {@link SettingsLoader#load(java.util.Collection, Map, Map,
   * Path)}.
   */
  public static Loaded load(
      Map<String, String> commandLine, Map<String, String> environment, @Nullable Path confFile) {
    return SettingsLoader.load(Abilities.BUILT_IN.settings(), commandLine, environment, confFile);
  }
}
