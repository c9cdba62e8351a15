package dev.penstock.dispatch;

import dev.penstock.core.LaneCounts;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
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
 * ever. A lane counts as lost when it has had ready tasks and no message for a while, a task when
 * later ones of its lane overtake it. Messages in flight on other nodes are not seen, so some tasks
 * may get a second one; their claims tell the two apart.
 */
final class Rescuer implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Rescuer.class);
  private static final int AT_A_TIME = 500;

  /** How many tasks of one lane are rescued in one go; the rest when these have been worked off. */
  private static final int MOST = 20 * AT_A_TIME;

  /** How many of a lane's longest waiting tasks, in which an overtaken one is looked for. */
  private static final int MOST_LOOKED_AT = 1_000;

  private static final Duration VERY_LONG = Duration.ofHours(1);

  private final TaskStore store;
  private final TaskQueue queue;
  private final InstantSource steady;
  private final InstantSource wall;
  private final Duration patience;
  private final Map<Lane, Instant> withoutMessages = new HashMap<>();
  private final Map<Lane, Instant> looks = new HashMap<>();
  private final Map<Lane, Map<TaskId, Sent>> sentAgain = new HashMap<>();

  /**
   * That a task was sent again.
   *
   * @param since since when it had waited then
   */
  private record Sent(Instant since, Instant at) {}

  /**
   * @param steady by which time passes here
   * @param wall by which tasks are scheduled, and told how long they wait
   * @param patience how long a lane may have ready tasks and no message
   */
  Rescuer(
      TaskStore store,
      TaskQueue queue,
      InstantSource steady,
      InstantSource wall,
      Duration patience) {
    this.store = store;
    this.queue = queue;
    this.steady = steady;
    this.wall = wall;
    this.patience = patience;
  }

  @Override
  public void run() {
    Instant now = steady.instant();
    for (LaneCounts figures : store.figures().lanes()) {
      Lane lane = figures.lane();
      OptionalLong messages = figures.ready() == 0 ? OptionalLong.empty() : queue.messages(lane);
      if (messages.isEmpty() || messages.getAsLong() > 0) {
        withoutMessages.remove(lane);
        if (messages.isPresent()) {
          rescueOvertaken(figures, now);
        }
        continue;
      }
      Instant since = withoutMessages.computeIfAbsent(lane, _ -> now);
      if (!since.plus(patience).isAfter(now)) {
        withoutMessages.remove(lane);
        LOG.warn("lane {}: {} tasks without a message are enqueued again", lane, rescue(lane));
      }
    }
  }

  /**
   * Enqueues overtaken tasks again: a lane that always has messages hides the one it lost. Messages
   * of an owner come in the order in which they were sent, except that more urgent ones overtake.
   * So a task that has waited much longer than one of its owner's that was no more urgent and has
   * begun has no message any more. It gets another one, as does what has waited for very long; a
   * claim tells the two apart.
   */
  private void rescueOvertaken(LaneCounts figures, Instant now) {
    Lane lane = figures.lane();
    Instant oldest = figures.oldest();
    Instant told = wall.instant(); // the store's clock is another one: it may tell what is to come
    Instant looked = looks.get(lane);
    if (oldest == null
        || Duration.between(oldest, told).abs().compareTo(patience) < 0
        || (looked != null && looked.plus(patience).isAfter(now))) {
      return;
    }
    looks.put(lane, now);
    var begun =
        new TaskFilter(
            null,
            Set.of(TaskState.PROCESSING, TaskState.COMPLETED, TaskState.FAILED),
            lane.type(),
            lane.model(),
            null);
    List<Task> others =
        store.list(begun, null, AT_A_TIME).tasks().stream()
            .filter(task -> task.spec().lane().equals(lane))
            .toList();
    Map<TaskId, Sent> before = sentAgain.getOrDefault(lane, Map.of());
    Map<TaskId, Sent> after = new HashMap<>();
    List<TaskSpec> lost = new ArrayList<>();
    for (Task task : store.longestWaiting(lane, MOST_LOOKED_AT)) {
      Instant since = task.queuedAt();
      Sent sent = before.get(task.id());
      if (sent != null && sent.since.equals(since) && sent.at.plus(VERY_LONG).isAfter(now)) {
        after.put(task.id(), sent);
      } else if (since.plus(VERY_LONG).isBefore(told)
          || others.stream().anyMatch(other -> overtook(other, task))) {
        after.put(task.id(), new Sent(since, now));
        store.find(task.id()).ifPresent(whole -> lost.add(whole.spec()));
      }
    }
    sentAgain.put(lane, after);
    if (!lost.isEmpty()) {
      LOG.warn("lane {}: {} tasks were overtaken and are enqueued again", lane, lost.size());
      queue.enqueue(lost);
    }
  }

  private boolean overtook(Task other, Task task) {
    return other.spec().owner().equals(task.spec().owner())
        && other.spec().priority().compareTo(task.spec().priority()) <= 0
        && other.queuedAt().isAfter(task.queuedAt().plus(patience));
  }

  private int rescue(Lane lane) {
    Instant now = wall.instant();
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
