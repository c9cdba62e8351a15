package dev.penstock.storage.sqlite;

import dev.penstock.task.Lane;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Whose turn was last, for each lane and priority: the next look begins behind that owner. Memory
 * is enough: after a restart the turns begin anew. As many entries as lanes, eleven times.
 */
final class LastTurns {
  private final ConcurrentMap<Place, String> last = new ConcurrentHashMap<>();

  private record Place(Lane lane, int priority) {}

  /** The owner whose turn was last; before all owners when there was none. */
  String last(Lane lane, int priority) {
    return last.getOrDefault(new Place(lane, priority), "");
  }

  void turn(Lane lane, int priority, String owner) {
    last.put(new Place(lane, priority), owner);
  }
}
