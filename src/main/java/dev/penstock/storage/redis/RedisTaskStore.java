package dev.penstock.storage.redis;

import dev.penstock.base.Unavailable;
import dev.penstock.config.Settings;
import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Ending;
import dev.penstock.core.Glance;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.Micros;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.WallTimes;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The tasks in Redis, in 16 shards. A task and all that is said of it in its shard's indexes and
 * counters change together, in one script; lists of tasks in several shards do not. What is kept
 * lasts as long as Redis makes it last.
 */
public final class RedisTaskStore implements TaskStore {
  private final RedisLink link;
  private final RedisCalls calls;
  private final RedisInserts inserts;
  private final RedisCandidates candidates;
  private final RedisRuns runs;
  private final RedisManualChanges byHand;
  private final RedisDeletions deletions;
  private final RedisLists lists;
  private final RedisChildren children;

  private RedisTaskStore(RedisLink link, RedisCalls withClock) {
    this.link = link;
    calls = withClock;
    inserts = new RedisInserts(calls);
    candidates = new RedisCandidates(calls);
    runs = new RedisRuns(calls, candidates);
    byHand = new RedisManualChanges(calls, candidates);
    deletions = new RedisDeletions(calls, candidates);
    lists = new RedisLists(calls);
    children = new RedisChildren(calls, candidates);
  }

  /**
   * Opens a store that is there when Redis is.
   *
   * @param clock what time it is; null: as Redis says
   * @param limit how long an answer may take
   */
  public static RedisTaskStore open(
      Vertx vertx, Settings.Redis settings, @Nullable InstantSource clock, Duration limit) {
    RedisLink link = RedisLink.open(vertx, settings, limit);
    return new RedisTaskStore(link, new RedisCalls(link, clock));
  }

  /**
   * The same with a clock of Redis's that may be set.
   *
   * @param nanos a clock like {@link System#nanoTime}, which never is
   */
  static RedisTaskStore open(
      Vertx vertx,
      Settings.Redis settings,
      InstantSource clock,
      LongSupplier nanos,
      Duration limit) {
    RedisLink link = RedisLink.open(vertx, settings, limit);
    return new RedisTaskStore(link, new RedisCalls(link, clock, nanos));
  }

  /**
   * The keys beside the tasks, over the same connection.
   *
   * @param most so many there may be
   */
  public KeyStore keys(int most) {
    return new RedisKeyStore(calls, most);
  }

  @Override
  public List<Inserted> insert(List<TaskSpec> specs) {
    if (specs.isEmpty()) {
      return List.of();
    }
    // Children were asked for when there was room, and without them their parents wait for ever.
    if (specs.stream().anyMatch(spec -> spec.parent() == null)) {
      refuseWhenFull();
    }
    return inserts.insert(specs).stream().map(times()::shown).toList();
  }

  private WallTimes times() {
    return calls.clock().times();
  }

  private void refuseWhenFull() {
    Optional<String> full = link.fullness();
    if (full.isPresent()) {
      throw Unavailable.refused(full.get(), new IllegalStateException("no room for new tasks"));
    }
  }

  private static boolean bringsChildren(Settle settle) {
    return settle.ending() instanceof Ending.Waits(var awaiting) && !awaiting.children().isEmpty();
  }

  @Override
  public List<Optional<Inserted>> meant(List<TaskSpec> specs) {
    return inserts.meant(specs).stream().map(one -> one.map(times()::shown)).toList();
  }

  @Override
  public boolean withdraw(TaskId id) {
    return deletions.unpromised(id);
  }

  @Override
  public Optional<Task> find(TaskId id) {
    Response told = calls.run(RedisScript.FIND, RedisShards.of(id), List.of(1, 1, id)).get(0);
    return told == null ? Optional.empty() : Optional.of(times().shown(RedisTasks.read(id, told)));
  }

  @Override
  public Map<TaskId, Task> findAll(Collection<TaskId> ids) {
    Map<TaskId, Task> found = HashMap.newHashMap(ids.size());
    calls.tasks(
        RedisScript.FIND,
        List.of(0, 1),
        List.copyOf(ids),
        (id, told) -> told == null || found.put(id, RedisTasks.read(id, told)) == null);
    return times().shown(found);
  }

  @Override
  public Map<TaskId, Glance> glance(Collection<TaskId> ids) {
    Map<TaskId, Glance> seen = HashMap.newHashMap(ids.size());
    calls.tasks(
        RedisScript.FIND,
        List.of(0, Glance.SHORT),
        List.copyOf(ids),
        (id, told) -> told == null || seen.put(id, glance(id, told)) == null);
    return seen;
  }

  private Glance glance(TaskId id, Response told) {
    Glance seen = RedisTasks.glance(id, told);
    return seen.with(times().shown(seen.task()));
  }

  @Override
  public List<Step> steps(TaskId id) {
    List<Step> steps = RedisSteps.read(calls, id);
    if (steps.isEmpty()) {
      return steps;
    }
    Response told = calls.run(RedisScript.FIND, RedisShards.of(id), List.of(0, 0, id)).get(0);
    return times().shown(steps, told == null ? null : RedisTasks.read(id, told));
  }

  @Override
  public TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit) {
    TaskPage page = lists.list(filter, after, limit);
    return new TaskPage(times().shown(page.tasks()), page.more(), page.cut());
  }

  @Override
  public List<CancelResult> cancel(List<TaskId> ids) {
    return byHand.cancel(ids).stream().map(times()::shown).toList();
  }

  @Override
  public List<Task> cancelPending(Lane lane, int limit) {
    return times().shown(byHand.cancelPending(lane, limit));
  }

  @Override
  public List<RetryResult> retry(List<TaskId> ids) {
    return retry(ids, null);
  }

  @Override
  public List<RetryResult> retry(List<TaskId> ids, @Nullable Instant startBefore) {
    return byHand.retry(ids, startBefore).stream().map(times()::shown).toList();
  }

  @Override
  public List<Task> expireUnbegun(int limit) {
    return times().shown(byHand.expireUnbegun(limit));
  }

  @Override
  public Set<Lane> paused() {
    Set<Lane> paused = new HashSet<>();
    for (Response lane : calls.send(Command.SMEMBERS, RedisShards.PAUSED_LANES)) {
      paused.add(Lane.of(lane.toString()));
    }
    return paused;
  }

  @Override
  public void pause(Lane lane, boolean paused) {
    calls.send(paused ? Command.SADD : Command.SREM, RedisShards.PAUSED_LANES, lane.name());
  }

  @Override
  public void addHistory(List<LaneMinute> minutes) {
    if (!minutes.isEmpty()) {
      RedisHistory.add(calls, minutes);
    }
  }

  @Override
  public List<LaneMinute> history(Instant since) {
    return RedisHistory.since(calls, since);
  }

  @Override
  public List<Claim> claim(List<TaskId> ids, String worker, Duration lease, Taking suspects) {
    return runs.claim(ids, worker, lease, suspects).stream().map(times()::shown).toList();
  }

  @Override
  public Set<TaskId> extend(List<HeldLease> extensions, Duration lease) {
    return runs.extend(extensions, lease, link.fullness().isPresent());
  }

  @Override
  public List<Settled> settle(List<Settle> ended) {
    if (ended.stream().anyMatch(RedisTaskStore::bringsChildren)) {
      refuseWhenFull();
    }
    return runs.settle(ended).stream().map(times()::shown).toList();
  }

  @Override
  public Lapsed reclaimLapsed(Duration margin, int maxLost, int limit, Living living) {
    return times().shown(runs.reclaim(margin, maxLost, limit, living));
  }

  @Override
  public List<TaskSpec> promoteDue(int limit) {
    return runs.promote(limit);
  }

  @Override
  public List<Task> longestWaiting(Lane lane, int limit) {
    List<TaskId> ids = candidates.waiting(lane, limit);
    Map<TaskId, Task> found = findAll(ids);
    return ids.stream().map(found::get).filter(Objects::nonNull).toList();
  }

  @Override
  public int deleteExpired(int limit) {
    return deletions.expired(limit);
  }

  @Override
  public int deleteOldest(TaskState state, Duration kept, int limit) {
    return deletions.oldest(state, kept, limit);
  }

  @Override
  public int dropCancelledInputs(int limit) {
    return deletions.cancelledInputs(limit);
  }

  @Override
  public List<DeleteResult> delete(List<TaskId> ids) {
    return deletions.byHand(ids).stream().map(times()::shown).toList();
  }

  @Override
  public boolean holdChores(String node, Duration lease) {
    calls.clock().look();
    boolean held =
        calls
            .run(RedisScript.CHORES, RedisShards.CHORES, List.of(node, Micros.of(lease)))
            .toString()
            .equals("1");
    calls.clock().follow(held, () -> runs.redate(times().ahead()));
    return held;
  }

  @Override
  public ChildStore children() {
    return children;
  }

  /** What tasks take in memory, about: their own bytes and an allowance for each one's keys. */
  @Override
  public long bytes() {
    long bytes = 0;
    for (Response shard : calls.everywhere(Command.MGET, RedisShards::bytes)) {
      Response known = shard.get(0);
      bytes += known == null ? 0 : Long.parseLong(known.toString());
    }
    return bytes;
  }

  /** Of what the settings allow, or of what Redis may have, as far as new tasks may take it. */
  @Override
  public Use use(long most) {
    Use ours = new Use(bytes(), most);
    Use memory = link.memoryNow().use();
    return memory.most() > 0 && memory.share() > ours.share() ? memory : ours;
  }

  @Override
  public Map<String, Long> liveBytes() {
    return RedisFigures.liveBytes(calls);
  }

  @Override
  public Optional<String> fullness() {
    return link.fullness();
  }

  @Override
  public TaskCounts figures() {
    return times().shown(RedisFigures.read(calls));
  }

  @Override
  public Optional<String> trouble() {
    return link.trouble();
  }

  @Override
  public void close() {
    link.close();
  }
}
