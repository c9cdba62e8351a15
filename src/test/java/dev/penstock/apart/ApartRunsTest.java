package dev.penstock.apart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class ApartRunsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Lane LANE = new Lane("scripted", null);
  private static final Lane MODEL = new Lane("scripted", "model");

  private final AtomicInteger deaths = new AtomicInteger();
  private final ChildProcesses children =
      new ChildProcesses(TestSuspects.class.getName(), _ -> deaths.incrementAndGet());
  private final AtomicInteger memory = new AtomicInteger();
  private volatile Runnable wanted = () -> {};
  private final ApartRuns apart = runs(Map.of());

  private ApartRuns runs(Map<String, String> settings) {
    return new ApartRuns(
        children,
        "node",
        settings,
        (_, others) -> {
          wanted = others;
          return memory.getAndDecrement() > 0
              ? Optional.of(memory::incrementAndGet)
              : Optional.empty();
        });
  }

  @AfterEach
  void end() {
    children.close();
  }

  private static LeasedTask suspect(Lane lane, String input, int deaths, byte @Nullable [] left) {
    var spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(lane, Priority.TASK, input.getBytes(StandardCharsets.UTF_8), null),
            new TaskSpec.Limits(3, Duration.ofMinutes(1)),
            new TaskSpec.Retention(Duration.ofHours(1), Duration.ofDays(7)),
            new TaskSpec.Origin("owner", Map.of("half", "\ud800"), null, null));
    var task =
        new Task(
            spec, TaskState.PROCESSING, 0, 2, null, Instant.EPOCH, null, null, null, null, null);
    return new LeasedTask(task, new Lease(task.id(), "token", Instant.MAX), 3, left, deaths);
  }

  private static final class Told implements TimedControl {
    private final List<Object> told = new CopyOnWriteArrayList<>();

    @Override
    public TimeLimit timeLimit() {
      return new TimeLimit() {
        @Override
        public void stand() {
          told.add("its time stands still");
        }

        @Override
        public void pass() {
          told.add("it has its turn");
        }

        @Override
        public void goOn() {
          told.add("it waits no more");
        }

        @Override
        public long nanosLeft() {
          throw new AssertionError("the child has a clock of its own");
        }
      };
    }

    @Override
    public void progress(Progress progress) {
      told.add(progress);
    }

    @Override
    public void emit(@Nullable Object piece) {
      told.add("emits " + (piece instanceof TaskOutput output ? text(output) : piece));
    }

    @Override
    public void emitFrom(long offset) {
      told.add("from " + offset);
    }

    @Override
    public List<TaskOutput> heard(long offset) {
      return List.of(TaskOutput.json("1"), TaskOutput.json("2"));
    }

    @Override
    public void checkpoint(byte[] state, Collection<TaskId> read) {
      told.add(new String(state, StandardCharsets.UTF_8) + " " + read);
    }

    @Override
    public EndedChildren children(int limit) {
      return new EndedChildren(
          List.of(
              new EndedChildren.Child(
                  new TaskId("c".repeat(36)), "key", TaskState.FAILED, null, null)),
          false,
          limit);
    }
  }

  private static String text(TaskOutput output) {
    return new String(output.bytes(), StandardCharsets.UTF_8);
  }

  /** As whoever leased it with a place kept for it. */
  private static Outcome run(ApartRuns apart, LeasedTask suspect, Told told)
      throws InterruptedException {
    apart.release(-1);
    return apart.run(suspect, told);
  }

  private FutureTask<Outcome> start(LeasedTask suspect) {
    var run = new FutureTask<>(() -> run(apart, suspect, new Told()));
    Thread.ofVirtual().start(run);
    return run;
  }

  private FutureTask<Outcome> start(String input) {
    return start(suspect(LANE, input, LeasedTask.SUSPECT, null));
  }

  private static Outcome get(FutureTask<Outcome> run) throws Exception {
    return run.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  private static String pid(Outcome outcome) {
    return text(((Outcome.Done) outcome).output());
  }

  private void awaitInside(int runs) throws Exception {
    Await.until(runs + " are inside", LIMIT, () -> apart.room() == ApartRuns.MOST - runs);
  }

  private static void assertKilled(Outcome outcome) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Retry.class,
            retry -> assertThat(retry.error().code()).isEqualTo(TaskError.Code.LEASE_LOST));
  }

  private static void assertNotBlamed(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Postpone.class);
  }

  @Test
  void severalRunInOneChildAndNotInThisProcess() throws Exception {
    var first = start("sleep 300");
    var second = start("sleep 300");
    var third = start("throw on purpose");
    assertThat(pid(get(first)))
        .isEqualTo(pid(get(second)))
        .isNotEqualTo(Long.toString(ProcessHandle.current().pid()));
    assertThat(get(third))
        .isInstanceOfSatisfying(
            Outcome.Retry.class,
            retry -> {
              assertThat(retry.error().code()).isEqualTo(TaskError.Code.HANDLER_FAILED);
              assertThat(retry.error().message()).contains("on purpose");
            });
    assertThat(apart.room()).isEqualTo(ApartRuns.MOST);
    assertThat(deaths).hasValue(0);
  }

  @Test
  void whoKillsTheChildAloneIsBlamed() throws Exception {
    assertKilled(get(start("die 0")));
    assertThat(pid(get(start("sleep 0")))).as("the next has another child").isNotEmpty();
    assertThat(deaths).hasValue(1);
  }

  @Test
  void ofSeveralNobodyIsBlamedAndHalfAsManyAreTriedNextUntilTheCulpritStandsAlone()
      throws Exception {
    List<FutureTask<Outcome>> together = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      together.add(start("sleep 60000"));
    }
    awaitInside(3);
    together.add(start("die 100"));
    for (var run : together) {
      assertNotBlamed(get(run));
    }
    assertThat(apart.room()).isEqualTo(2);

    var neighbour = start("sleep 60000");
    Await.until("it is inside", LIMIT, () -> apart.room() == 1);
    assertNotBlamed(get(start("die 100")));
    assertNotBlamed(get(neighbour));
    assertThat(apart.room()).isEqualTo(1);

    var culprit = start("die 300");
    Await.until("it is alone", LIMIT, () -> apart.room() == 0);
    assertNotBlamed(get(start("sleep 0")));
    assertKilled(get(culprit));
    assertThat(deaths).hasValue(3);
  }

  @Test
  void whoHasKilledAChildBeforeIsLetInAloneAndKeepsOthersOut() throws Exception {
    var neighbour = start("sleep 1000");
    awaitInside(1);
    LeasedTask known = suspect(LANE, "die 300", LeasedTask.SUSPECT + 1, null);
    assertNotBlamed(get(start(known)));
    assertNotBlamed(get(start("sleep 0")));
    assertThat(pid(get(neighbour))).isNotEmpty();
    var alone = start(known);
    Await.until("it is inside", LIMIT, () -> apart.room() == 0);
    assertNotBlamed(get(start("sleep 0")));
    assertKilled(get(alone));
  }

  @Test
  void roomGrowsAgainWithEachThatEndsWell() throws Exception {
    var neighbour = start("sleep 60000");
    awaitInside(1);
    assertNotBlamed(get(start("die 0")));
    assertNotBlamed(get(neighbour));
    assertThat(apart.room()).isEqualTo(1);
    for (int i = 0; i < 3; i++) {
      assertThat(get(start("sleep 0"))).isInstanceOf(Outcome.Done.class);
    }
    assertThat(apart.room()).isEqualTo(4);
  }

  @Test
  void aHandlerSaysAndAsksThereWhatItWouldHere() throws Exception {
    var told = new Told();
    byte[] left = "left".getBytes(StandardCharsets.UTF_8);
    Outcome outcome = run(apart, suspect(LANE, "talk", LeasedTask.SUSPECT, left), told);
    assertThat(outcome).isInstanceOf(Outcome.Done.class);
    assertThat(told.told)
        .containsExactly(
            new Progress(1, 2, "half"),
            "from 5",
            "emits \"piece\"",
            "left [" + "c".repeat(36) + "]");
  }

  @Test
  void aRunThatIsStoppedEndsAndOneThatDoesNotHeedItIsLeftBehind() throws Exception {
    var heeds = start("sleep 60000");
    awaitInside(1);
    interrupt(suspect(LANE, "sleep 60000", LeasedTask.SUSPECT, null), Outcome.Retry.class);
    awaitInside(1);
    interrupt(suspect(LANE, "deaf", LeasedTask.SUSPECT, null), null);
    assertThat(apart.room()).as("it keeps its place").isEqualTo(ApartRuns.MOST - 2);
    assertThat(heeds).isNotDone();
  }

  @Test
  void whatARunSaysAsItIsStoppedCounts() throws Exception {
    assertThat(pid(get(start("sleep 0")))).as("the process runs").isNotEmpty();
    var told = new Told();
    LeasedTask suspect = suspect(LANE, "remember it", LeasedTask.SUSPECT, null);
    var run = new FutureTask<>(() -> run(apart, suspect, told));
    Thread thread = Thread.ofVirtual().start(run);
    awaitInside(1);
    thread.interrupt();
    assertThat(get(run)).isInstanceOf(Outcome.Done.class);
    assertThat(told.told).containsExactly("its last state []", "emits \"its last piece\"");
  }

  @Test
  void manyShortPiecesComeInAnswersOfTheSizeThatIsAllowed() throws Exception {
    var child = new ApartChild(TestSuspects::open);
    byte[] _ = child.answer(Messages.write(new Messages.Turn.Open("node", Map.of())));
    LeasedTask suspect = suspect(LANE, "chatter 200000", LeasedTask.SUSPECT, null);
    List<ToChild> begin = List.of(new ToChild.Begin(1, suspect));
    List<ToNode> all = new ArrayList<>();
    List<Integer> lengths = new ArrayList<>();
    byte[] answer = child.answer(Messages.write(new Messages.Turn.Talk(begin, Duration.ZERO)));
    TestSuspects.CHATTERED.await();
    while (all.isEmpty() || !(all.getLast() instanceof ToNode.Ended)) {
      all.addAll(Messages.toNode(answer));
      lengths.add(answer.length);
      answer = child.answer(Messages.write(new Messages.Turn.Talk(List.of(), LIMIT)));
    }
    assertThat(lengths).allMatch(length -> length <= 4 << 20);
    assertThat(all).hasSize(200_001);
  }

  @Test
  void whatHeedsNoStopKeepsOthersOutNoLongerThanAnyOfThemGoesOn() throws Exception {
    interrupt(suspect(LANE, "deaf", LeasedTask.SUSPECT + 1, null), null);
    Await.until("its process is ended", LIMIT, () -> apart.room() == ApartRuns.MOST);
    assertThat(pid(get(start("sleep 0")))).isNotEmpty();
  }

  @Test
  void theTimeOfARunStandsStillWhileItWaitsForItsTurnThere() throws Exception {
    var told = new Told();
    assertThat(run(apart, suspect(LANE, "wait 60", LeasedTask.SUSPECT, null), told))
        .isInstanceOf(Outcome.Done.class);
    assertThat(told.told)
        .containsExactly("its time stands still", "it has its turn", "it waits no more");
  }

  /** Interrupts a run and checks what becomes of it; null: it throws. */
  private void interrupt(LeasedTask suspect, @Nullable Class<? extends Outcome> expected)
      throws Exception {
    int before = apart.room();
    var run = new FutureTask<>(() -> run(apart, suspect, new Told()));
    Thread thread = Thread.ofVirtual().start(run);
    Await.until("it is inside", LIMIT, () -> apart.room() < before);
    thread.interrupt();
    if (expected == null) {
      assertThatThrownBy(() -> get(run)).hasCauseInstanceOf(InterruptedException.class);
    } else {
      assertThat(get(run)).isInstanceOf(expected);
    }
  }

  @Test
  void aModelWithoutMemoryIsWaitedForVisiblyUntilTheTimeIsOver() throws Exception {
    var told = new Told();
    var run =
        new FutureTask<>(
            () -> run(apart, suspect(MODEL, "sleep 0", LeasedTask.SUSPECT, null), told));
    Thread thread = Thread.ofVirtual().start(run);
    Await.until("it says so", LIMIT, () -> told.told.toString().contains("waits for memory"));
    assertThat(apart.room()).as("it takes no place meanwhile").isEqualTo(ApartRuns.MOST);
    thread.interrupt();
    assertThatThrownBy(() -> get(run)).hasCauseInstanceOf(InterruptedException.class);

    memory.set(1);
    assertThat(get(start(suspect(MODEL, "sleep 0", LeasedTask.SUSPECT, null))))
        .isInstanceOf(Outcome.Done.class);
    assertThat(get(start(suspect(MODEL, "sleep 0", LeasedTask.SUSPECT, null))))
        .as("the child has it open: it is paid for once")
        .isInstanceOf(Outcome.Done.class);
  }

  @Test
  void suspectsGiveTheirModelsMemoryToOthersAndComeAgain() throws Exception {
    memory.set(1);
    var inside = start(suspect(MODEL, "sleep 60000", LeasedTask.SUSPECT, null));
    awaitInside(1);
    memory.set(0);
    wanted.run();
    assertNotBlamed(get(inside));
    Await.until("it is given back", LIMIT, () -> memory.get() == 1);
    assertThat(pid(get(start(suspect(MODEL, "sleep 0", LeasedTask.SUSPECT, null))))).isNotEmpty();

    memory.set(0);
    wanted.run();
    Await.until("with nobody inside, too", LIMIT, () -> memory.get() == 1);
  }

  @Test
  void aChildThatCannotBeginIsNobodysFault() throws Exception {
    ApartRuns never = runs(Map.of("die", "at once"));
    assertNotBlamed(run(never, suspect(LANE, "sleep 0", LeasedTask.SUSPECT, null), new Told()));
    assertThat(never.room()).isEqualTo(ApartRuns.MOST);
  }
}
