package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Await;
import dev.penstock.testing.Families;
import dev.penstock.testing.Fleet.Member;
import dev.penstock.testing.Producers;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Parents and children on several nodes that die, or whose store does. */
final class FaultsFamiliesIT extends FleetFaults {
  private final Families families = new Families(checker);

  @Test
  void familiesCompleteThoughTheirNodesAreKilledOneAfterTheOther() throws Exception {
    List<Member> all =
        Stream.concat(fleet.inference().stream(), Stream.of(fleet.http(0), fleet.http(1))).toList();
    for (Member node : all) {
      try (var _ = Producers.start(4, () -> families.submit(fleet.api(0)))) {
        awaitMore(12);
        fleet.kill(node);
        node.process().relaunch();
      }
      node.process().awaitReady();
    }
    settle("35b", "kill -9 each of several nodes, with parents and children");
    assertThat(families.assertNoChildBeganLate(fleet.api(1))).as("cancelled").isPositive();
  }

  @Test
  void familiesGoOnByThemselvesOnceRedisIsBack() throws Exception {
    try (var _ = Producers.start(4, () -> families.submit(fleet.api(0)))) {
      awaitMore(12);
      fleet.redis().kill();
      awaitRefused();
      fleet.redis().restart();
      awaitMore(12);
    }
    settle("35c", "Redis is killed and restarted, with parents and children");
    assertThat(families.assertNoChildBeganLate(fleet.api(1))).as("cancelled").isNotNegative();
  }

  private void awaitRefused() throws Exception {
    int before = checker.refused();
    Await.until("it is noticed", LIMIT, () -> checker.refused() > before);
  }
}
