package dev.penstock.config;

import java.util.Locale;

/**
 * One setting, as a table or a help text shows it.
 *
 * @param key as files and the command line name it, for example {@code task.max-attempts}; of those
 *     in maps {@code limits.<name>.rate}
 * @param standard the default, as files write it; empty: none
 * @param description what it is, on one line
 * @param also a second environment variable; empty: none
 * @param secret never shown, and read from the file at the key with {@code -file} where that is set
 * @param list may be a YAML list
 */
public record SettingKey(
    String key,
    String standard,
    String description,
    Rule rule,
    String also,
    boolean secret,
    boolean list) {
  static final String FILE = "-file";
  static final String NAME = "<name>";

  /** The environment variable that overrides it. */
  public String variable() {
    return variable(key);
  }

  /** The values it takes, completing "must be …". */
  public String allowed() {
    return rule.allowed();
  }

  /** Where a secret's file is named. */
  SettingKey file() {
    return new SettingKey(
        key + FILE,
        "",
        "File with " + key + " in its first line; goes before it.",
        Rule.path("the path of a file").orEmpty(),
        "",
        false,
        false);
  }

  /** That of one name, where this one is of any. */
  SettingKey of(String name) {
    return new SettingKey(key.replace(NAME, name), standard, description, rule, also, secret, list);
  }

  static String variable(String key) {
    return key.replaceAll("[^A-Za-z0-9<>]", "_").toUpperCase(Locale.ROOT);
  }
}
