package dev.penstock.dispatch;

import dev.penstock.queue.TaskQueue;
import dev.penstock.store.TaskStore;
import dev.penstock.store.TaskStore.LaneFigures;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskFilter;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskPage;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enqueues again what a broker has lost or never got: a ready task without a message would wait for
 * ever. A lane counts as lost when it has had ready tasks and no message for a while. Messages in
 * hand on other nodes are not seen, so some tasks may get a second one; their claims tell the two
 * apart.
 */
final class Rescuer implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Rescuer.class);
  private static final int AT_A_TIME = 500;

  /** Of one lane in one go; the rest when these have been worked off. */
  private static final int MOST = 20 * AT_A_TIME;

  private final TaskStore store;
  private final TaskQueue queue;
  private final InstantSource clock;
  private final Duration patience;
  private final Map<Lane, Instant> withoutMessages = new HashMap<>();

  /**
   * @param patience how long a lane may have ready tasks and no message
   */
  Rescuer(TaskStore store, TaskQueue queue, InstantSource clock, Duration patience) {
    this.store = store;
    this.queue = queue;
    this.clock = clock;
    this.patience = patience;
  }

  @Override
  public void run() {
    Instant now = clock.instant();
    for (LaneFigures figures : store.figures().lanes()) {
      Lane lane = figures.lane();
      OptionalLong messages = figures.ready() == 0 ? OptionalLong.empty() : queue.messages(lane);
      if (messages.isEmpty() || messages.getAsLong() > 0) {
        withoutMessages.remove(lane);
        continue;
      }
      Instant since = withoutMessages.computeIfAbsent(lane, _ -> now);
      if (!since.plus(patience).isAfter(now)) {
        withoutMessages.remove(lane);
        LOG.warn("lane {}: {} tasks without a message are enqueued again", lane, rescue(lane, now));
      }
    }
  }

  private int rescue(Lane lane, Instant now) {
    var pending = new TaskFilter(null, Set.of(TaskState.PENDING), lane.type(), lane.model(), null);
    int seen = 0;
    int rescued = 0;
    @Nullable TaskId after = null;
    while (true) {
      TaskPage page = store.list(pending, after, AT_A_TIME);
      List<TaskSpec> specs = new ArrayList<>();
      for (Task task : page.tasks()) {
        Instant runAt = task.spec().runAt();
        // What is backing off is among them: its claim says that it is not its time yet.
        if (task.spec().lane().equals(lane) && (runAt == null || !runAt.isAfter(now))) {
          store.find(task.id()).ifPresent(whole -> specs.add(whole.spec()));
        }
      }
      queue.enqueue(specs);
      rescued += specs.size();
      seen += page.tasks().size();
      if (!page.more() || seen >= MOST) {
        return rescued;
      }
      after = page.tasks().getLast().id();
    }
  }
}
