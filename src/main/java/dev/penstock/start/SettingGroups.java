package dev.penstock.start;

import dev.penstock.config.SettingKey;
import dev.penstock.config.SettingsLoader;
import java.util.List;

/** All settings there are: the program's own, and those that other rooms declare. */
public final class SettingGroups {
  /** Interfaces of {@link dev.penstock.config.Setting}s, each in the room that reads it. */
  static final List<Class<?>> OF_OTHER_ROOMS = List.of();

  private SettingGroups() {}

  /** Every setting, by key. */
  public static List<SettingKey> keys() {
    return SettingsLoader.keys(OF_OTHER_ROOMS);
  }
}
