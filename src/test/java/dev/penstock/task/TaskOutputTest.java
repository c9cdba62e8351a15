package dev.penstock.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TaskOutputTest {
  private static String text(TaskOutput output) {
    return new String(output.bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void aTextThatWasCutInTheMiddleOfACharacterIsAResultAllTheSame() {
    String cut = "four 😀".substring(0, 6);
    assertThat(text(TaskOutput.of(Map.of("text", cut)))).isEqualTo("{\"text\":\"four \ufffd\"}");
    assertThat(text(TaskOutput.json("\"" + cut + "\""))).isEqualTo("\"four \ufffd\"");
    assertThat(text(TaskOutput.of("whole 😀"))).isEqualTo("\"whole 😀\"");
  }
}
