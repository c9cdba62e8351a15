package dev.penstock.storage.rabbit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.Lane;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Names of queues. */
final class RoutingKeysTest {
  @Test
  void ownersAreLookedAfterInTurn() {
    Set<String> owners = Set.of("default", "a", "b", "c");
    assertThat(LaneConsumer.inTurn(owners, "")).containsExactly("default", "a", "b", "c");
    assertThat(LaneConsumer.inTurn(owners, "b")).containsExactly("default", "c", "a", "b");
    assertThat(LaneConsumer.inTurn(owners, "c")).containsExactly("default", "a", "b", "c");
    assertThat(LaneConsumer.inTurn(Set.of("b"), "gone")).containsExactly("b");
  }

  private static final Lane LANE = new Lane("ping", null);

  @Test
  void theOwnerDefaultHasTheLanesName() {
    assertThat(RoutingKeys.own(LANE, "default", false)).isEqualTo("ping");
    assertThat(RoutingKeys.own(LANE, "default", true)).isEqualTo("ping!");
    assertThat(RoutingKeys.own(LANE, "a b", false)).isEqualTo("ping@a%20b");
  }

  @Test
  void noLaneMeetsTheQueuesOfDeadLetters() {
    Set<String> all = new HashSet<>();
    for (String name : DeadLetters.NAMES) {
      for (String owner : List.of("default", "acme", "~1")) {
        for (boolean urgent : List.of(true, false)) {
          assertThat(all.add(RoutingKeys.own(new Lane(name, null), owner, urgent))).isTrue();
        }
      }
      all.addAll(RoutingKeys.shared(new Lane(name, null)));
      assertThat(RoutingKeys.own(new Lane(name, "model"), "default", false))
          .isEqualTo(name + ".model");
    }
    assertThat(all).doesNotContainAnyElementsOf(DeadLetters.NAMES);
    assertThat(all).contains("dead@default", "unreadable@default!");
  }
}
