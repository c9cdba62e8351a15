package dev.penstock.start;

import dev.penstock.base.Unavailable;
import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Glance;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The real store behind a bad line: some of its answers get lost after the work was done. */
final class InjectedStore implements TaskStore {
  private final TaskStore real;
  private final int loseEvery;
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();

  /**
   * @param loseEvery every how many writes an answer gets lost
   */
  InjectedStore(TaskStore real, int loseEvery) {
    this.real = real;
    this.loseEvery = loseEvery;
  }

  int lostAnswers() {
    return lost.get();
  }

  private <T> T afterwards(T answer) {
    if (answers.incrementAndGet() % loseEvery == 0) {
      lost.incrementAndGet();
      throw Unavailable.unknown("injected: the answer was lost", new IllegalStateException());
    }
    return answer;
  }

  @Override
  public List<Inserted> insert(List<TaskSpec> specs) {
    return afterwards(real.insert(specs));
  }

  @Override
  public List<Step> steps(TaskId id) {
    return real.steps(id);
  }

  @Override
  public TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit) {
    return real.list(filter, after, limit);
  }

  @Override
  public List<CancelResult> cancel(List<TaskId> ids) {
    return afterwards(real.cancel(ids));
  }

  @Override
  public List<Task> cancelPending(Lane lane, int limit) {
    return real.cancelPending(lane, limit);
  }

  @Override
  public List<RetryResult> retry(List<TaskId> ids) {
    return real.retry(ids);
  }

  @Override
  public Set<Lane> paused() {
    return real.paused();
  }

  @Override
  public void pause(Lane lane, boolean paused) {
    real.pause(lane, paused);
  }

  @Override
  public void addHistory(List<LaneMinute> minutes) {
    real.addHistory(minutes);
  }

  @Override
  public List<LaneMinute> history(Instant since) {
    return real.history(since);
  }

  @Override
  public boolean withdraw(TaskId id) {
    return real.withdraw(id);
  }

  @Override
  public Optional<Task> find(TaskId id) {
    return real.find(id);
  }

  @Override
  public Map<TaskId, Task> findAll(Collection<TaskId> ids) {
    return real.findAll(ids);
  }

  @Override
  public Map<TaskId, Glance> glance(Collection<TaskId> ids) {
    return real.glance(ids);
  }

  @Override
  public List<Task> longestWaiting(Lane lane, int limit) {
    return real.longestWaiting(lane, limit);
  }

  @Override
  public List<Claim> claim(List<TaskId> ids, String worker, Duration lease, Taking suspects) {
    return afterwards(real.claim(ids, worker, lease, suspects));
  }

  @Override
  public Set<TaskId> extend(List<HeldLease> extensions, Duration lease) {
    return afterwards(real.extend(extensions, lease));
  }

  @Override
  public List<Settled> settle(List<Settle> ended) {
    return afterwards(real.settle(ended));
  }

  @Override
  public Lapsed reclaimLapsed(Duration margin, int maxLost, int limit, Living living) {
    return real.reclaimLapsed(margin, maxLost, limit, living);
  }

  @Override
  public TakenOver takeOver(String process, int maxLost, int limit) {
    return real.takeOver(process, maxLost, limit);
  }

  @Override
  public void leave(String process) {
    real.leave(process);
  }

  @Override
  public List<TaskSpec> promoteDue(int limit) {
    return real.promoteDue(limit);
  }

  @Override
  public int deleteExpired(int limit) {
    return real.deleteExpired(limit);
  }

  @Override
  public int deleteOldest(TaskState state, Duration kept, int limit) {
    return real.deleteOldest(state, kept, limit);
  }

  @Override
  public int dropCancelledInputs(int limit) {
    return real.dropCancelledInputs(limit);
  }

  @Override
  public List<DeleteResult> delete(List<TaskId> ids) {
    return afterwards(real.delete(ids));
  }

  @Override
  public List<Optional<Inserted>> meant(List<TaskSpec> specs) {
    return real.meant(specs);
  }

  @Override
  public Use use(long most) {
    return real.use(most);
  }

  @Override
  public Map<String, Long> liveBytes() {
    return real.liveBytes();
  }

  @Override
  public Optional<String> fullness() {
    return real.fullness();
  }

  @Override
  public boolean holdChores(String node, Duration lease) {
    return real.holdChores(node, lease);
  }

  @Override
  public ChildStore children() {
    return real.children();
  }

  @Override
  public long bytes() {
    return real.bytes();
  }

  @Override
  public TaskCounts figures() {
    return real.figures();
  }

  @Override
  public Optional<String> trouble() {
    return real.trouble();
  }

  @Override
  public void close() {
    real.close();
  }
}
