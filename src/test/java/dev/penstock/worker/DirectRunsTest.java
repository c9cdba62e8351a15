package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.ReadInput;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import dev.penstock.worker.RunSlots.Offer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class DirectRunsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Lane LANE = new Lane("scripted", null);
  private static final TaskError ERROR = new TaskError(Code.INVALID_INPUT, "not like that");
  private static final TaskOutput OUTPUT = TaskOutput.json("1");

  private final RunSlots slots = new RunSlots(2, 1, 1_000);
  private final WorkerBoard board = new WorkerBoard();
  private final Handler handler = new Handler();
  private final DirectRuns direct = new DirectRuns(handler, "worker", slots, board);

  private interface Body {
    Outcome run() throws InterruptedException;
  }

  private static final class Handler extends ScriptedHandler {
    private final AtomicInteger begun = new AtomicInteger();
    private volatile boolean free = true;
    private volatile Outcome known = new Outcome.Postpone(Duration.ZERO);
    private volatile Body body = () -> new Outcome.Done(OUTPUT);
    private volatile Runnable prepares = () -> {};

    Handler() {
      super(LANE.type());
    }

    @Override
    public boolean free(TaskSpec spec, ReadInput input) {
      return free;
    }

    @Override
    public Outcome run(TaskSpec spec, ReadInput input, Control control, Runnable begins)
        throws InterruptedException {
      begun.incrementAndGet();
      prepares.run();
      begins.run();
      return body.run();
    }

    @Override
    public Outcome known(TaskSpec spec, ReadInput input) {
      return known;
    }

    @Override
    public Outcome run(Task task, Control control) {
      throw new AssertionError("there is no task");
    }
  }

  private static RunNow request(int priority) {
    Task task = TestTasks.task(LANE, "{}", 0, new Priority(priority), Duration.ofMinutes(1));
    ReadInput work = new ReadInput() {};
    return new RunNow(task.spec(), work, Duration.ofMinutes(1));
  }

  private void assertBecomesATask(int priority) throws Exception {
    int before = handler.begun.get();
    assertThat(direct.run(request(priority))).isInstanceOf(Ran.NotNow.class);
    assertThat(handler.begun).hasValue(before);
  }

  private static Run run(int priority, TaskHandler handler) {
    Task task = TestTasks.task(LANE, "{}", 0, new Priority(priority), Duration.ofMinutes(1));
    var lease = new Lease(task.id(), Lease.newToken(), Instant.MAX);
    return new Run(
        new LeasedTask(task, lease), handler, null, Duration.ofMinutes(1), System.nanoTime());
  }

  private void fill(int priority) throws InterruptedException {
    Offer offer = slots.reserve(Duration.ZERO);
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < offer.tasks(); i++) {
      runs.add(run(priority, handler));
    }
    slots.take(offer, runs);
  }

  private FutureTask<Ran> last() throws Exception {
    handler.body =
        () -> {
          new CountDownLatch(1).await();
          return new Outcome.Done(OUTPUT);
        };
    var ran = new FutureTask<>(() -> direct.run(request(7)));
    Thread.ofVirtual().start(ran);
    Await.until("it runs", LIMIT, () -> handler.begun.get() == 1);
    return ran;
  }

  private Task ended() throws InterruptedException {
    return ((Ran.Ended) direct.run(request(7))).task();
  }

  @Test
  void whatAFreeHandlerTakesEndsLikeATask() throws Exception {
    Task task = ended();
    assertThat(task.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(task.output()).isSameAs(OUTPUT);
    assertThat(task.worker()).isEqualTo("worker");
    assertThat(task.finishedAt()).isNotNull();
    assertThat(slots.size()).isZero();
    assertThat(done()).isEqualTo(1);
  }

  private long done() {
    return board.report(0, "").done();
  }

  @Test
  void whatItsInputTakesToPrepareCountsAsWaiting() throws Exception {
    var took = new AtomicReference<>(Duration.ofDays(1));
    handler.prepares =
        () -> {
          long from = System.nanoTime();
          took.set(Duration.ofNanos(System.nanoTime() - from));
        };
    Task task = ended();
    assertThat(Duration.between(task.createdAt(), task.startedAt()))
        .isPositive()
        .isGreaterThanOrEqualTo(took.get());
  }

  @Test
  void aWrongInputIsTheEndOfItToo() throws Exception {
    handler.body = () -> new Outcome.Reject(ERROR);
    Task task = ended();
    assertThat(task.state()).isEqualTo(TaskState.FAILED);
    assertThat(task.error()).isSameAs(ERROR);
    assertThat(done()).isZero();
  }

  @Test
  void whatHasToBeTriedAgainBecomesATask() throws Exception {
    handler.body = () -> new Outcome.Retry(ERROR);
    assertThat(direct.run(request(7))).isInstanceOf(Ran.NotNow.class);
    handler.body = () -> new Outcome.Postpone(Duration.ofSeconds(1));
    assertThat(direct.run(request(7))).isInstanceOf(Ran.NotNow.class);
    handler.body =
        () -> {
          throw new IllegalStateException("scripted");
        };
    assertThat(direct.run(request(7))).isInstanceOf(Ran.NotNow.class);
    assertThat(slots.size()).isZero();
  }

  @Test
  void whatABusyHandlerWouldLetWaitBecomesATask() throws Exception {
    handler.free = false;
    assertBecomesATask(10);
  }

  @Test
  void whatCannotBecomeATaskWaitsForABusyHandlerButPassesNoTask() throws Exception {
    handler.free = false;
    RunNow waiting = new RunNow(request(7).spec(), new ReadInput() {}, LIMIT, true);
    assertThat(direct.run(waiting)).isInstanceOf(Ran.Ended.class);
    fill(7);
    assertThat(direct.run(waiting)).isInstanceOf(Ran.NotNow.class);
    assertThat(handler.begun).hasValue(1);
  }

  @Test
  void whatIsKnownWaitsForNobody() throws Exception {
    handler.known = new Outcome.Done(OUTPUT);
    handler.free = false;
    fill(10);
    Task task = ended();
    assertThat(task.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(task.output()).isSameAs(OUTPUT);
    assertThat(handler.begun).hasValue(0);
    assertThat(done()).as("counted like any other").isEqualTo(1);
  }

  @Test
  void whatRanAndCameToNothingIsNotLookedUp() throws Exception {
    handler.known = new Outcome.Done(OUTPUT);
    handler.body = () -> new Outcome.Retry(ERROR);
    assertThat(direct.run(request(7))).isInstanceOf(Ran.NotNow.class);
  }

  @Test
  void aHandlerThatCannotTellIsAlwaysGivenTasks() throws Exception {
    var pings = new DirectRuns(TestTasks.handler(), "worker", slots, board);
    assertThat(pings.run(request(10))).isInstanceOf(Ran.NotNow.class);
  }

  @Test
  void whatRunsApartHasNoPlaceThatOthersWaitFor() throws Exception {
    slots.takeApart(List.of(run(10, handler), run(10, handler), run(10, handler)));
    assertThat(slots.size()).isEqualTo(3);
    assertThat(slots.runs()).as("their leases are kept").hasSize(3);
    assertThat(slots.reserve(Duration.ZERO).tasks()).isEqualTo(2);
    assertThat(ended().state()).isEqualTo(TaskState.COMPLETED);
  }

  @Test
  void tasksThatMayWaitForAPlaceArePassedByMoreUrgentWorkAlone() throws Exception {
    fill(6);
    assertBecomesATask(6);
    assertThat(ended().spec().priority()).isEqualTo(new Priority(7));
  }

  @Test
  void itTakesNoPlaceFromTasksAndRunsBesideThem() throws Exception {
    var running = last();
    assertThat(slots.size()).isEqualTo(1);
    assertThat(slots.runs()).as("nothing to extend").isEmpty();
    assertThat(slots.reserve(Duration.ZERO).tasks()).isEqualTo(2);
    stop(Run.Stop.SHUTDOWN);
    assertThat(running.get(20, TimeUnit.SECONDS)).isInstanceOf(Ran.NotNow.class);
  }

  private void stop(Run.Stop why) {
    slots.all().forEach(run -> run.stop(why));
  }

  @Test
  void whatIsStoppedIsNoResult() throws Exception {
    var running = last();
    stop(Run.Stop.LEASE_LOST);
    assertThat(running.get(20, TimeUnit.SECONDS)).isInstanceOf(Ran.NotNow.class);
    assertThat(slots.awaitEmpty(LIMIT)).isTrue();
  }
}
