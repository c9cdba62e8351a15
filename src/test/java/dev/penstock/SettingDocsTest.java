package dev.penstock;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.config.SettingKey;
import dev.penstock.start.SettingGroups;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The places where people read of settings say what the settings say. conf/penstock.yaml has the
 * order: a new setting comes last in its section, and may be moved there.
 */
final class SettingDocsTest {
  private static final Path CONF = Path.of("conf/penstock.yaml");
  private static final Path README = Path.of("README.md");
  private static final Path EXPECTED = Path.of("target/expected");
  private static final Pattern KEY = Pattern.compile("(?m)^( *)#?([a-z<][a-z0-9<>.-]*):.*$");
  private static final Pattern TABLE =
      Pattern.compile("(?m)(?<=^\\| key \\| environment variable .{0,99}\n.{0,99}\n)(\\|.*\n)+");

  @Test
  void theExampleFileHasEverySettingAsItIsDeclared() throws IOException {
    String conf = Files.readString(CONF);
    String header = conf.substring(0, conf.indexOf("\n\n") + 1);
    var text = new StringBuilder(header);
    String section = "";
    for (SettingKey key : inOrderOf(conf)) {
      int dot = key.key().indexOf('.');
      String indent = dot < 0 ? "" : "  ";
      if (dot < 0) {
        text.append('\n');
      } else if (!section(key).equals(section)) {
        section = section(key);
        text.append('\n').append(section).append(":\n");
      }
      String also = key.also().isEmpty() ? "" : " " + key.also() + " works too.";
      String inMap = key.key().contains("<name>") ? "#" : "";
      String value = key.standard().isEmpty() ? "\"\"" : key.standard();
      text.append("%s# %s%s\n".formatted(indent, key.description(), also))
          .append("%s%s%s: %s\n".formatted(indent, inMap, key.key().substring(dot + 1), value));
    }
    check(CONF, text.toString());
  }

  @Test
  void theExampleFileIsASettingsFileThatChangesNothing() {
    assertThat(SettingGroups.load(Map.of(), Map.of(), CONF).settings().api().port())
        .isEqualTo(8000);
  }

  @Test
  void theReadmesTableHasEverySettingAsItIsDeclared() throws IOException {
    String readme = Files.readString(README);
    String rows =
        inOrderOf(Files.readString(CONF)).stream().map(SettingDocsTest::row).collect(joining());
    check(
        README, TABLE.matcher(readme).replaceFirst(java.util.regex.Matcher.quoteReplacement(rows)));
    assertThat(readme).contains(rows);
  }

  private static String row(SettingKey key) {
    return "| `%s` | `%s`%s | %s | %s |\n"
        .formatted(
            key.key(),
            key.variable(),
            key.also().isEmpty() ? "" : ", or `" + key.also() + "`",
            key.standard().isEmpty() ? "empty" : "`" + key.standard() + "`",
            key.description().replaceAll("\\bdocs/[a-z]+\\.md", "[$0]($0)"));
  }

  /** On a difference the right text is left where it can be copied from. */
  private static void check(Path file, String expected) throws IOException {
    if (!Files.readString(file).equals(expected)) {
      Path right = EXPECTED.resolve(file);
      Files.createDirectories(right.getParent());
      Files.writeString(right, expected);
    }
    assertThat(Files.readString(file))
        .as("%s; as the settings say it: %s", file, EXPECTED.resolve(file))
        .isEqualTo(expected);
  }

  private static List<SettingKey> inOrderOf(String conf) {
    List<SettingKey> left = new ArrayList<>(SettingGroups.keys());
    List<SettingKey> ordered = new ArrayList<>();
    var section = new StringBuilder();
    KEY.matcher(conf)
        .results()
        .forEach(found -> {
          boolean below = !found.group(1).isEmpty();
          take(
              left,
              ordered,
              key -> key.key().equals((below ? section + "." : "") + found.group(2)));
          if (!below) {
            section.setLength(0);
            section.append(found.group(2));
          }
        });
    for (SettingKey key : left) {
      int at = ordered.size();
      while (at > 0 && !section(ordered.get(at - 1)).equals(section(key))) {
        at--;
      }
      ordered.add(at == 0 ? ordered.size() : at, key);
    }
    return ordered;
  }

  private static void take(
      List<SettingKey> left, List<SettingKey> ordered, Predicate<SettingKey> which) {
    left.stream()
        .filter(which)
        .findAny()
        .ifPresent(key -> {
          left.remove(key);
          ordered.add(key);
        });
  }

  private static String section(SettingKey key) {
    return key.key().replaceFirst("\\..*", "");
  }
}
