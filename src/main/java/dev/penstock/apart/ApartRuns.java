package dev.penstock.apart;

import dev.penstock.apart.Messages.Turn;
import dev.penstock.core.Apart;
import dev.penstock.core.LeasedTask;
import dev.penstock.subprocess.ChildAnswer;
import dev.penstock.subprocess.ChildLimits;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.subprocess.Subprocess;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's side: suspects run in one child process, several at once. When it dies with several in
 * it nobody knows whose fault that was, so none is blamed, and half as many may be in the next one
 * at a time, until the culprit stands alone. Each run that ends well makes room for one more.
 */
public final class ApartRuns implements Apart {
  private static final Logger LOG = LoggerFactory.getLogger(ApartRuns.class);
  private static final int MIB = 1 << 20;
  private static final int HEAP_MIB = 256;
  private static final int DIRECT_MIB = 128;
  private static final int MESSAGE = 32 * MIB;
  private static final Duration IDLE = Duration.ofSeconds(30);

  /** How many run in the child at a time, at most. */
  static final int MOST = 16;

  /** How long a turn waits for news. */
  private static final Duration TURN = Duration.ofMillis(50);

  /** A child whose thread that answers does not get to it for so long is beyond help. */
  private static final Duration ANSWER = Duration.ofSeconds(60);

  private static final Duration SOON = Duration.ofSeconds(2);
  private static final Duration MEMORY_AGAIN = Duration.ofMillis(500);

  /** What one turn brings, beside a single message that is longer. */
  private static final long TURN_BYTES = 8 * MIB;

  private final Subprocess process;
  private final Turn.Open open;
  private final Memory memory;

  /** Those in the child, by number. Guarded by this, as all below. */
  private final Map<Long, ApartRun> inside = new LinkedHashMap<>();

  private final List<ToChild> toSay = new ArrayList<>();

  /** How many may be inside. */
  private int places = MOST;

  /** Places that are kept for who is to be leased now. */
  private int reserved;

  /** The one that is inside, where others have to stay outside; null: they need not. */
  private @Nullable ApartRun alone;

  /** Until when nobody enters beside those that are inside: one waits to be there alone. */
  private long keptFree = System.nanoTime();

  private long numbers;
  private boolean talking;

  /** What each model takes in the child, until that has ended. */
  private final Map<String, Taken> taken = new HashMap<>();

  /** Whether others need that memory: the child is to end. */
  private boolean wanted;

  /** Whether it ends now for that: nobody enters. */
  private boolean leaving;

  /** Memory of models, of which the child has its own copies. */
  @FunctionalInterface
  public interface Memory {
    /**
     * Takes room for one more copy of the model; empty: there is none now.
     *
     * @param wanted told when others need it, who go before; does not block
     */
    Optional<Taken> take(String model, Runnable wanted);
  }

  /** Memory that was taken. */
  @FunctionalInterface
  public interface Taken {
    void giveBack();
  }

  /**
   * @param worker this node's name, as results name it
   * @param settings what the child is to be set to, by key
   */
  public ApartRuns(
      ChildProcesses children, String worker, Map<String, String> settings, Memory memory) {
    process =
        children.open(
            ApartChild.NAME,
            new ChildLimits(
                HEAP_MIB, DIRECT_MIB, MESSAGE, MESSAGE, 16 * MIB, Duration.ofSeconds(30), IDLE));
    open = new Turn.Open(worker, settings);
    this.memory = memory;
  }

  @Override
  public synchronized int reserve() {
    int room = room();
    reserved += room;
    return room;
  }

  @Override
  public synchronized void release(int unused) {
    reserved -= unused;
  }

  /** How many more may come. */
  synchronized int room() {
    return alone != null ? 0 : Math.max(0, places - inside.size() - reserved);
  }

  @Override
  public Outcome run(LeasedTask suspect, TaskHandler.Control control) throws InterruptedException {
    release(1); // It takes its place as it enters: until then another may.
    if (suspect.task().spec().input().length > MESSAGE - MIB) {
      return Outcome.reject("the input is too long for a process apart");
    }
    awaitMemory(suspect, control);
    ApartRun run = enter(suspect, control);
    return run == null ? new Outcome.Postpone(SOON) : run.await();
  }

  /** Waits for room for its model, visibly, until the task's time is over. */
  private void awaitMemory(LeasedTask suspect, TaskHandler.Control control)
      throws InterruptedException {
    String model = suspect.task().spec().lane().model();
    while (model != null && !takeMemory(model)) {
      control.progress(
          new Progress(0, 1, "waits for memory: its process died before, so it runs apart"));
      Thread.sleep(MEMORY_AGAIN);
    }
  }

  private synchronized boolean takeMemory(String model) {
    if (leaving) {
      return false;
    }
    if (taken.containsKey(model)) {
      return true;
    }
    Optional<Taken> room = memory.take(model, this::wanted);
    room.ifPresent(got -> taken.put(model, got));
    return room.isPresent();
  }

  /** Null: there is no place for it now. */
  private synchronized @Nullable ApartRun enter(LeasedTask suspect, TaskHandler.Control control) {
    long now = System.nanoTime();
    boolean known = suspect.deaths() > LeasedTask.SUSPECT;
    if (leaving || alone != null || inside.size() >= places) {
      return null;
    }
    String model = suspect.task().spec().lane().model();
    if (model != null && !taken.containsKey(model)) {
      return null; // it was given back meanwhile
    }
    if (known && !inside.isEmpty()) {
      keptFree = now + 2 * SOON.toNanos();
      return null;
    }
    if (!known && !inside.isEmpty() && now - keptFree < 0) {
      return null;
    }
    var run = new ApartRun(++numbers, suspect, control, this::say);
    inside.put(run.number, run);
    alone = known ? run : null;
    toSay.add(new ToChild.Begin(run.number, suspect));
    LOG.info(
        "task {} runs apart: {} processes died while they ran it",
        suspect.task().id(),
        suspect.deaths());
    startTalking();
    return run;
  }

  private void startTalking() {
    if (!talking) {
      talking = true;
      Thread.ofVirtual().name("suspects").start(this::talk);
    }
  }

  /** Healthy work waits for no suspect: those that are inside have to come again. */
  private synchronized void wanted() {
    if (!taken.isEmpty()) {
      wanted = true;
      startTalking();
    }
  }

  /** Whether it leaves now, with nobody inside any more. */
  private synchronized boolean leaves() {
    if (!wanted) {
      return false;
    }
    wanted = false;
    leaving = true;
    LOG.info("{} suspects have to wait: others need their models' memory", inside.size());
    none(new Outcome.Postpone(SOON));
    return true;
  }

  /** The process has ended, for that. */
  private synchronized void left() {
    taken.values().forEach(Taken::giveBack);
    taken.clear();
    leaving = false;
  }

  private synchronized void say(ToChild said) {
    if (inside.containsKey(said.run())) {
      toSay.add(said);
    }
  }

  /** Takes turns with the child as long as anything runs in it. */
  private void talk() {
    List<ToChild> unheard = List.of();
    while (true) {
      try {
        if (ofNoUse()) {
          process.end();
          unheard = List.of();
        }
        if (leaves()) {
          try {
            process.end();
          } finally {
            left();
          }
          unheard = List.of();
        }
        @Nullable List<ToChild> said = unheard.isEmpty() ? next() : unheard;
        if (said == null) {
          return;
        }
        unheard = turn(said);
      } catch (InterruptedException e) {
        return; // nobody interrupts it
      } catch (RuntimeException | IOException e) {
        LOG.error("talking to the child process failed", e);
        unheard = List.of();
        none(new Outcome.Postpone(SOON));
      }
    }
  }

  /**
   * Whether all that is inside was stopped and goes on all the same: it would keep its places, or
   * the only one, for good. The process is to go, and nothing of that is anybody's death.
   */
  private synchronized boolean ofNoUse() {
    if (inside.isEmpty() || !inside.values().stream().allMatch(ApartRun::leftBehind)) {
      return false;
    }
    LOG.warn("a process is ended in which {} runs go on that were stopped", inside.size());
    emptied();
    return true;
  }

  /** What is to be said next; null: there is nobody inside any more. */
  private synchronized @Nullable List<ToChild> next() {
    if (inside.isEmpty()) {
      talking = false;
      toSay.clear();
      giveMemoryBackLater(numbers);
      if (wanted) {
        startTalking(); // by another thread: this one has looked before
      }
      return null;
    }
    List<ToChild> said = new ArrayList<>();
    long bytes = 0;
    while (!toSay.isEmpty()
        && (said.isEmpty() || bytes + ToChild.bytes(toSay.getFirst()) <= TURN_BYTES)) {
      ToChild first = toSay.removeFirst();
      bytes += ToChild.bytes(first);
      said.add(first);
    }
    return said;
  }

  /** One turn; returns what the child has not heard. */
  private List<ToChild> turn(List<ToChild> said) throws InterruptedException, IOException {
    switch (process.call(Messages.write(new Turn.Talk(said, TURN)), ANSWER)) {
      case ChildAnswer.Answered(byte[] answer) when Messages.isUnopened(answer) -> {
        return open() ? said : List.of();
      }
      case ChildAnswer.Answered(byte[] answer) -> Messages.toNode(answer).forEach(this::hear);
      case ChildAnswer.Crashed(String reason) -> died(reason);
      case ChildAnswer.Refused(String error) -> unusable(error, SOON);
      case ChildAnswer.Unavailable(String reason, Duration again) -> unusable(reason, again);
    }
    return List.of();
  }

  /** Nothing runs in a child that is not open: whatever it dies of, no task is to blame. */
  private boolean open() throws InterruptedException {
    switch (process.call(Messages.write(open), ANSWER)) {
      case ChildAnswer.Answered _ -> {
        return true;
      }
      case ChildAnswer.Crashed(String reason) -> unusable(reason, SOON);
      case ChildAnswer.Refused(String error) -> unusable(error, SOON);
      case ChildAnswer.Unavailable(String reason, Duration again) -> unusable(reason, again);
    }
    return false;
  }

  private void unusable(String reason, Duration again) {
    LOG.warn("suspects have to wait: {}", reason);
    none(new Outcome.Postpone(again.compareTo(SOON) > 0 ? again : SOON));
  }

  private synchronized void none(Outcome outcome) {
    inside.values().forEach(run -> run.over(outcome));
    emptied();
  }

  private void emptied() {
    inside.clear();
    toSay.clear();
    alone = null;
  }

  private synchronized void hear(ToNode said) {
    ApartRun run = inside.get(said.run());
    if (run == null) {
      return;
    }
    if (said instanceof ToNode.Ended) {
      inside.remove(said.run());
      alone = null;
      places = Math.min(MOST, places + 1);
    }
    run.hear(said);
  }

  private synchronized void died(String reason) {
    List<ApartRun> lost = List.copyOf(inside.values());
    emptied();
    if (lost.isEmpty()) {
      LOG.debug("a process died with nothing in it: {}", reason);
    } else if (lost.size() == 1) {
      ApartRun culprit = lost.getFirst();
      LOG.warn(
          "task {} ran alone when its process died, death {} of it: {}",
          culprit.leased.task().id(),
          culprit.leased.deaths() + 1,
          reason);
      culprit.over(new Outcome.Retry(new TaskError(TaskError.Code.LEASE_LOST, reason)));
    } else {
      places = Math.max(1, lost.size() / 2);
      LOG.warn(
          "a process died with {} suspects in it, now {} are tried at a time: {}",
          lost.size(),
          places,
          reason);
      lost.forEach(run -> run.over(new Outcome.Postpone(Duration.ZERO)));
    }
  }

  /** Once the child has ended for want of work. */
  private void giveMemoryBackLater(long last) {
    if (taken.isEmpty()) {
      return;
    }
    Thread.ofVirtual()
        .name("suspects-memory")
        .start(() -> {
          try {
            Thread.sleep(IDLE.plus(IDLE));
            giveMemoryBack(last);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private synchronized void giveMemoryBack(long last) {
    if (numbers == last && inside.isEmpty()) {
      taken.values().forEach(Taken::giveBack);
      taken.clear();
    }
  }
}
