package dev.penstock.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** One node at a time does the chores. */
interface ChoresContract extends StoreRig {
  Duration TURN = Duration.ofSeconds(3);

  @Test
  default void oneNodeHoldsTheChoresUntilItsTimeIsOver() {
    assertThat(store().holdChores("a", TURN)).isTrue();
    assertThat(store().holdChores("b", TURN)).isFalse();
    clock().advance(Duration.ofSeconds(2));
    assertThat(store().holdChores("a", TURN)).as("it goes on").isTrue();
    clock().advance(Duration.ofSeconds(2));
    assertThat(store().holdChores("b", TURN)).as("a had it extended").isFalse();
    clock().advance(Duration.ofSeconds(2));
    assertThat(store().holdChores("b", TURN)).as("a has died").isTrue();
    assertThat(store().holdChores("a", TURN)).isFalse();
  }

  @Test
  default void whoGivesTheChoresUpLeavesThemToTheNext() {
    assertThat(store().holdChores("a", TURN)).isTrue();
    assertThat(store().holdChores("a", Duration.ZERO)).isFalse();
    assertThat(store().holdChores("b", TURN)).isTrue();
    assertThat(store().holdChores("a", Duration.ZERO)).as("not its own").isFalse();
    assertThat(store().holdChores("a", TURN)).isFalse();
  }
}
