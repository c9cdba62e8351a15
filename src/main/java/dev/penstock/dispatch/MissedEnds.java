package dev.penstock.dispatch;

import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.ChildStore.Family;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks once a minute at the open children of parents that wait, and tells them of ends that they
 * were not told of: a node died between the two. It looks more often at first, for somebody may
 * just have died. A child that is not known for a minute has been lost with its record; before that
 * its message may make it again.
 */
final class MissedEnds implements Runnable {
  static final Duration EVERY = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(MissedEnds.class);

  /** Longer without a run: another node did this meanwhile. */
  private static final Duration AWAY = Duration.ofSeconds(5);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
  private static final int PARENTS = 100;

  private final TaskStore store;
  private final Families families;
  private final Finds finds;
  private final LongSupplier nanos;

  private boolean looked;
  private long ran;
  private long next;
  private Duration pause = FIRST_PAUSE;

  /** Children that are not known, and since when. */
  private Map<TaskId, Long> unknown = Map.of();

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
      unknown = Map.of();
      pause = FIRST_PAUSE;
      next = now;
    }
    ran = now;
    if (now - next >= 0) {
      looked = true;
      next = now + pause.toNanos();
      pause = pause.multipliedBy(2).compareTo(EVERY) < 0 ? pause.multipliedBy(2) : EVERY;
      look(now);
    }
  }

  private void look(long now) {
    Map<TaskId, Long> missing = new HashMap<>();
    @Nullable TaskId after = null;
    List<Family> page;
    do {
      page = store.children().waiting(after, PARENTS);
      look(page, missing, now);
      after = page.isEmpty() ? null : page.getLast().parent();
    } while (page.size() == PARENTS);
    unknown = missing;
  }

  private void look(List<Family> page, Map<TaskId, Long> missing, long now) {
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
            long since = unknown.getOrDefault(id, now);
            missing.put(id, since);
            if (now - since >= EVERY.toNanos()) {
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
