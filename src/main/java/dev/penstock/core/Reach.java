package dev.penstock.core;

import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import java.util.Set;

/**
 * What a worker's key may serve.
 *
 * @param lanes their names, or those of types, of which it may serve every lane; empty: all
 * @param owners of the tasks; empty: all
 */
public record Reach(Set<String> lanes, Set<String> owners) {
  public static final Reach ALL = new Reach(Set.of(), Set.of());

  public Reach {
    lanes = Set.copyOf(lanes);
    owners = Set.copyOf(owners);
  }

  public boolean isAll() {
    return lanes.isEmpty() && owners.isEmpty();
  }

  public boolean has(Lane lane) {
    return lanes.isEmpty() || lanes.contains(lane.name()) || lanes.contains(lane.type());
  }

  public boolean has(TaskSpec task) {
    return has(task.lane()) && (owners.isEmpty() || owners.contains(task.owner()));
  }
}
