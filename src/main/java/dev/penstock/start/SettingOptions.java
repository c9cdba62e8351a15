package dev.penstock.start;

import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for settings that commands have in common. */
final class SettingOptions {
  @Option(
      names = "--conf",
      paramLabel = "FILE",
      description = "settings in YAML, laid out as conf/penstock.yaml")
  private @Nullable Path conf;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "folder for everything it writes (data.dir)")
  private @Nullable String data;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "auto, cpu or cuda:N (inference.device)")
  private @Nullable String device;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      description = "trace, debug, info, warn or error (log.level)")
  private @Nullable String logLevel;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "any other setting; may be repeated")
  private Map<String, String> others = new LinkedHashMap<>();

  /** What the command line says, by key. */
  Map<String, String> keys() {
    Map<String, String> keys = new LinkedHashMap<>(others);
    put(keys, "data.dir", data);
    put(keys, "inference.device", device);
    put(keys, "log.level", logLevel);
    return keys;
  }

  /** These, over the environment, over the file that is given. */
  Settings load(Map<String, String> keys) {
    return SettingsLoader.load(SettingGroups.OF_OTHER_ROOMS, keys, System.getenv(), conf)
        .settings();
  }

  static void put(Map<String, String> keys, String key, @Nullable String value) {
    if (value != null) {
      keys.put(key, value);
    }
  }
}
