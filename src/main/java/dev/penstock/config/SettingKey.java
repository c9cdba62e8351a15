package dev.penstock.config;

/**
 * One setting, as a table or a help text shows it.
 *
 * @param key as files and the command line name it, for example {@code task.max-attempts}
 * @param standard the default, as conf/penstock.yaml writes it; empty: none
 * @param description what it is, from conf/penstock.yaml
 * @param allowed the values it takes, completing "must be …"
 * @param variable the environment variable that overrides it
 */
public record SettingKey(
    String key, String standard, String description, String allowed, String variable) {}
