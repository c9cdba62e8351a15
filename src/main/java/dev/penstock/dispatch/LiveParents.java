package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.core.LeasedTask;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps children from beginning whose parents have ended, though nobody has cancelled them yet: the
 * node that should have may have died. What was seen of a parent is believed for a while, so that a
 * family costs a look-up now and then and not one for each child.
 */
final class LiveParents {
  private static final Logger LOG = LoggerFactory.getLogger(LiveParents.class);
  private static final Duration BELIEVED = Duration.ofSeconds(2);
  private static final int MOST = 10_000;

  private final TaskStore store;
  private final InstantSource clock;
  private final Map<TaskId, Instant> seen = new ConcurrentHashMap<>();

  LiveParents(TaskStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Those of the tasks whose parents have ended. A parent that is not known has not. */
  List<TaskId> orphans(List<LeasedTask> leased) {
    Instant now = clock.instant();
    Set<TaskId> asked = new HashSet<>();
    for (LeasedTask each : leased) {
      TaskId parent = each.task().spec().parent();
      if (parent != null && !believed(parent, now)) {
        asked.add(parent);
      }
    }
    if (asked.isEmpty()) {
      return List.of();
    }
    Set<TaskId> ended = ended(asked, now);
    List<TaskId> orphans = new ArrayList<>();
    for (LeasedTask each : leased) {
      TaskId parent = each.task().spec().parent();
      if (parent != null && ended.contains(parent)) {
        orphans.add(each.task().id());
      }
    }
    return orphans;
  }

  private boolean believed(TaskId parent, Instant now) {
    Instant at = seen.get(parent);
    return at != null && !now.isBefore(at) && now.isBefore(at.plus(BELIEVED));
  }

  private Set<TaskId> ended(Set<TaskId> parents, Instant now) {
    Map<TaskId, Task> found;
    try {
      found = store.findAll(parents);
    } catch (Unavailable e) {
      LOG.debug("{} parents are not looked up: {}", parents.size(), e.getMessage());
      return Set.of();
    }
    if (seen.size() + parents.size() > MOST) {
      seen.clear();
    }
    Set<TaskId> ended = new HashSet<>();
    for (TaskId parent : parents) {
      Task task = found.get(parent);
      if (task != null && task.state().ended()) {
        ended.add(parent);
      } else {
        seen.put(parent, now);
      }
    }
    return ended;
  }
}
