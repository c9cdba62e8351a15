package dev.penstock.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.Priority;
import org.junit.jupiter.api.Test;

class ComingTest {
  private final Coming coming = new Coming();

  @Test
  void whatIsAsUrgentCountsUntilItIsThere() {
    Coming.Arrival held = coming.add(Priority.HELD, 30);
    Coming.Arrival bulk = coming.add(Priority.BULK, 500);
    assertThat(coming.from(Priority.HIGHEST)).isZero();
    assertThat(coming.from(Priority.HELD)).isEqualTo(30);
    assertThat(coming.from(Priority.LOWEST)).isEqualTo(530);

    held.close();
    held.close();
    assertThat(coming.from(Priority.LOWEST)).isEqualTo(500);
    bulk.close();
    assertThat(coming.from(Priority.LOWEST)).isZero();
  }
}
