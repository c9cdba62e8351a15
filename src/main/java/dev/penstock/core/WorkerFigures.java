package dev.penstock.core;

import dev.penstock.task.Lane;
import java.time.Instant;
import java.util.List;

/**
 * A node, or a remote worker, as all nodes know it.
 *
 * @param draining it finishes what it runs and leases nothing more
 */
public record WorkerFigures(
    String node,
    List<String> roles,
    List<Lane> lanes,
    Instant startedAt,
    Instant seenAt,
    boolean draining,
    WorkerReport report) {

  /** Whether it runs tasks, though it may not have said yet of which lanes. */
  public boolean runsTasks() {
    return !roles.equals(List.of("http"));
  }

  /** Whether it takes tasks of that lane. */
  public boolean serves(Lane lane) {
    return !draining && lanes.contains(lane);
  }

  /** The same, told to drain. */
  public WorkerFigures drained() {
    return new WorkerFigures(node, roles, lanes, startedAt, seenAt, true, report);
  }
}
