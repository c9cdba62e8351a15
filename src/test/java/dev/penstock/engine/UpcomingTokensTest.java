package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.Priority;
import org.junit.jupiter.api.Test;

class UpcomingTokensTest {
  private final UpcomingTokens coming = new UpcomingTokens();

  @Test
  void whatIsAsUrgentCountsUntilItIsThere() {
    UpcomingTokens.Arrival held = coming.add(Priority.HELD, 30);
    UpcomingTokens.Arrival bulk = coming.add(Priority.BULK, 500);
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
