package dev.penstock.dispatch;

import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.ChildStore.Family;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks once a minute at the open children of parents that wait, and tells them of ends that they
 * were not told of: a node died between the two. A child that is not known has been lost with its
 * record; its parent is told only when a second look does not find it either, for its message may
 * make it again. The first look is at once: somebody may just have died.
 */
final class MissedEnds implements Runnable {
  static final Duration EVERY = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(MissedEnds.class);

  /** Longer without a run: another node did this meanwhile. */
  private static final Duration AWAY = Duration.ofSeconds(5);

  private static final int PARENTS = 100;

  private final TaskStore store;
  private final Families families;
  private final Finds finds;
  private final LongSupplier nanos;

  private boolean looked;
  private long ran;
  private long next;
  private Set<TaskId> unknown = Set.of();

  /** It is to be run every second. */
  MissedEnds(TaskStore store, Families families, LongSupplier nanos) {
    this.store = store;
    this.families = families;
    this.finds = new Finds(store);
    this.nanos = nanos;
  }

  @Override
  public void run() {
    long now = nanos.getAsLong();
    if (!looked || now - ran > AWAY.toNanos()) {
      unknown = Set.of();
      next = now;
    }
    ran = now;
    if (now - next >= 0) {
      looked = true;
      next = now + EVERY.toNanos();
      look();
    }
  }

  private void look() {
    Set<TaskId> missing = new HashSet<>();
    @Nullable TaskId after = null;
    List<Family> page;
    do {
      page = store.children().waiting(after, PARENTS);
      look(page, missing);
      after = page.isEmpty() ? null : page.getLast().parent();
    } while (page.size() == PARENTS);
    unknown = missing;
  }

  private void look(List<Family> page, Set<TaskId> missing) {
    Map<TaskId, TaskId> parents = new HashMap<>();
    List<TaskId> children = new ArrayList<>();
    for (Family family : page) {
      for (TaskId child : family.children()) {
        parents.put(child, family.parent());
        children.add(child);
      }
    }
    List<End> ends = new ArrayList<>();
    List<TaskId> lost = new ArrayList<>();
    finds.each(
        children,
        (id, task) -> {
          TaskId parent = parents.getOrDefault(id, id);
          if (task == null) {
            missing.add(id);
            if (unknown.contains(id)) {
              lost.add(id);
              ends.add(new End(parent, id, TaskState.FAILED));
            }
          } else if (task.state().ended()) {
            ends.add(new End(parent, id, task.state()));
          }
          return true;
        });
    if (!lost.isEmpty()) {
      LOG.warn("{} children are not known any more: their parents go on without", lost.size());
    }
    families.ends(ends);
  }
}
