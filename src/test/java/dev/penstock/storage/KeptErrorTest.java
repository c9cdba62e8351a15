package dev.penstock.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import org.junit.jupiter.api.Test;

final class KeptErrorTest {

  @Test
  void anErrorIsReadAsItWasKept() {
    assertThat(KeptError.of("TIMEOUT", "too long"))
        .isEqualTo(new TaskError(Code.TIMEOUT, "too long"));
    assertThat(KeptError.of(null, null)).isNull();
  }

  @Test
  void aCodeThatANewerNodeKeptStandsInTheMessage() {
    assertThat(KeptError.of("OUT_OF_LUCK", "m"))
        .isEqualTo(new TaskError(Code.HANDLER_FAILED, "out_of_luck: m"));
  }
}
