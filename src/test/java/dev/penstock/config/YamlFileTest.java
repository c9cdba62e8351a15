package dev.penstock.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class YamlFileTest {

  @Test
  void valuesStayTextAndKnowTheirLines() {
    YamlNode.Fields root = parse("a: 010\nb: yes\nc: ~\nd:\n  - 1\n  - x: 2024-01-01\n").root();

    assertThat(root.fields().get("a")).isEqualTo(new YamlNode.Scalar("010", 1));
    assertThat(root.fields().get("b")).isEqualTo(new YamlNode.Scalar("yes", 2));
    assertThat(root.fields().get("c")).isEqualTo(new YamlNode.Scalar("", 3));
    assertThat(root.fields().get("d"))
        .isEqualTo(
            new YamlNode.Items(
                List.of(
                    new YamlNode.Scalar("1", 5),
                    new YamlNode.Fields(Map.of("x", new YamlNode.Scalar("2024-01-01", 6)), 6)),
                5));
  }

  @ParameterizedTest
  @CsvSource({
    "'a: 1|b: 2|a: 3', 'f, line 3: the key ''a'' is there twice'",
    "'a: [1', 'f, line 1: not YAML'",
    "'a: 1| b: 2', 'f, line 2: not YAML'",
    "'- a', 'f: must be keys and values'",
    "'a: 1|---|b: 2', 'not YAML'",
    "'a: &x {b: 1}|c: *x', 'not YAML'",
    "'a: &x [*x]', 'not YAML'",
    "'a: !!javax.script.ScriptEngineManager {b: c}', 'not YAML: Global tag is not allowed'",
    "'? [a, b]|: c', 'f, line 1: a key must be one word'",
  })
  void aDoubtfulFileIsRefused(String text, String message) {
    assertThatThrownBy(() -> parse(text.replace('|', '\n')))
        .isInstanceOf(BadSettings.class)
        .hasMessageContaining(message);
  }

  @Test
  void theMessageDoesNotQuoteTheLine() {
    assertThatThrownBy(() -> parse("auth: {token: hunter2\n"))
        .isInstanceOf(BadSettings.class)
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void deepLongAndForeignFilesAreRefused() {
    assertThatThrownBy(() -> parse("a: " + "[".repeat(1_000) + "]".repeat(1_000)))
        .isInstanceOf(BadSettings.class);
    assertThatThrownBy(() -> parse("#".repeat(2 << 20)))
        .isInstanceOf(BadSettings.class)
        .hasMessageContaining("longer than");
    assertThatThrownBy(() -> YamlFile.parse("f", "a: é".getBytes(StandardCharsets.ISO_8859_1)))
        .isInstanceOf(BadSettings.class)
        .hasMessage("f: not text in UTF-8");
  }

  private static YamlFile parse(String text) {
    return YamlFile.parse("f", text.getBytes(UTF_8));
  }
}
