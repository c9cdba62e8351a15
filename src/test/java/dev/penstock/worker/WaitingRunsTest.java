package dev.penstock.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.base.ParsedJson;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.config.SettingsLoader;
import dev.penstock.core.Apart;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.ReadInput;
import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Await;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs that wait for their turn: their time limits, and until when they are to begin. */
@Timeout(60)
final class WaitingRunsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Lane LANE = new Lane("scripted", null);
  private static final String WAITS = "\"waits\"";
  private static final String BEGINS = "\"begins\"";
  private static final String RUNS = "\"runs\"";
  private static final Outcome DONE =
      new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, new byte[] {'1'}));

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "test-node");
  private final ScriptedQueue queue = new ScriptedQueue(bus);
  private final CountDownLatch open = new CountDownLatch(1);
  private final AtomicInteger standing = new AtomicInteger();

  @SuppressWarnings("NullAway.Init") // Started before each test.
  private LaneRunner runner;

  @BeforeEach
  void start() {
    runner =
        new LaneRunner(
            bus,
            LANE,
            new Handler(),
            "worker",
            SettingsLoader.load(List.of(), Map.of(), Map.of(), null).settings(),
            new NoSuspects(),
            new WorkerBoard(),
            true);
    runner.start();
  }

  @AfterEach
  void stop() throws Exception {
    open.countDown();
    runner.stopLeasing();
    queue.end();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static final class NoSuspects implements Apart {
    @Override
    public int reserve() {
      return 0;
    }

    @Override
    public void release(int places) {}

    @Override
    public Outcome run(LeasedTask suspect, TaskHandler.Control control) {
      throw new AssertionError(suspect);
    }
  }

  /** Its runs last until {@link #open} is; some of them wait for their turn that long. */
  private final class Handler extends ScriptedHandler {
    Handler() {
      super(LANE.type());
    }

    @Override
    public boolean free(TaskSpec spec, ReadInput input) {
      return false;
    }

    @Override
    public Outcome run(TaskSpec spec, ReadInput input, Control control, Runnable begun) {
      throw new IllegalStateException();
    }

    @Override
    public Outcome run(Task task, Control control) throws InterruptedException {
      TimeLimit limit = requireNonNull(TimedControl.of(control));
      String input = new String(task.spec().input(), StandardCharsets.UTF_8);
      if (input.equals(BEGINS)) {
        limit.pass();
      }
      if (!input.equals(RUNS)) {
        limit.stand();
        standing.incrementAndGet();
      }
      open.await();
      limit.goOn();
      return DONE;
    }
  }

  private Task add(String input, Duration timeout, @Nullable Instant startBefore) {
    Task plain = TestTasks.task(LANE, input, 0, Priority.TASK, timeout);
    TaskSpec spec = plain.spec();
    var task =
        new Task(
            new TaskSpec(
                spec.id(),
                new TaskSpec.Work(LANE, spec.priority(), spec.input(), null, startBefore),
                spec.limits(),
                spec.retention(),
                spec.origin()),
            plain.state(),
            0,
            0,
            null,
            plain.createdAt(),
            null,
            null,
            null,
            null,
            null);
    queue.add(task);
    return task;
  }

  private Optional<SettleTask> settled(Task task) {
    TaskId id = task.id();
    return queue.settled().stream().filter(one -> one.id().equals(id)).findFirst();
  }

  private SettleTask awaitSettled(Task task) throws Exception {
    Await.until("it is settled", LIMIT, () -> settled(task).isPresent());
    return settled(task).orElseThrow();
  }

  @Test
  void timeSpentWaitingIsNotCounted() throws Exception {
    Task waits = add(WAITS, SHORT, null);
    Await.until("it waits", LIMIT, () -> runner.running() == 1);
    Task runs = add(RUNS, SHORT, null);
    assertThat(awaitSettled(runs).outcome())
        .isInstanceOfSatisfying(
            Outcome.Retry.class, retry -> assertThat(retry.error().code()).isEqualTo(Code.TIMEOUT));
    assertThat(settled(waits)).as("it came first, with the same limit").isEmpty();
    open.countDown();
    assertThat(awaitSettled(waits).outcome()).isEqualTo(DONE);
  }

  @Test
  void whatHasNotBegunInTimeGoesBackAndWhatHasBegunGoesOn() throws Exception {
    // The leases of this queue last for ever, so every time to begin by is over.
    Instant over = Instant.EPOCH;
    Task begins = add(BEGINS, LIMIT, over);
    Task runs = add(RUNS, LIMIT, over);
    Task waits = add(WAITS, LIMIT, over);
    SettleTask back = awaitSettled(waits);
    assertThat(back.outcome()).isEqualTo(new Outcome.Postpone(Duration.ZERO));
    assertThat(back.begun()).isFalse();
    assertThat(settled(begins)).isEmpty();
    assertThat(settled(runs)).isEmpty();
    open.countDown();
    assertThat(awaitSettled(begins).outcome()).isEqualTo(DONE);
    assertThat(awaitSettled(runs).outcome()).isEqualTo(DONE);
  }

  @Test
  void whatWaitsForMemoryGoesBackToo() throws Exception {
    long all = ParsedJson.RUNS.size();
    assertThat(ParsedJson.RUNS.take(all)).isTrue(); // as if others had it
    try {
      Task wide = add("[[]" + ",[]".repeat(20_000) + "]", LIMIT, Instant.EPOCH);
      assertThat(awaitSettled(wide).outcome()).isEqualTo(new Outcome.Postpone(Duration.ZERO));
    } finally {
      ParsedJson.RUNS.give(all);
    }
    assertThat(ParsedJson.RUNS.taken()).isZero();
  }

  @Test
  void aStopSaysOfWhatItGivesBackWhetherItHadBegun() throws Exception {
    Task runs = add(RUNS, LIMIT, null);
    Task waits = add(WAITS, LIMIT, null);
    Await.until(
        "both run, and one waits for its turn",
        LIMIT,
        () -> runner.running() == 2 && standing.get() == 1);
    runner.stopLeasing();
    queue.end();
    runner.drain(Duration.ofMillis(300));
    assertThat(awaitSettled(runs).begun()).isTrue();
    assertThat(awaitSettled(waits).begun()).isFalse();
  }
}
