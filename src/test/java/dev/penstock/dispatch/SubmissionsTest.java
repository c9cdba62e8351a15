package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Identity;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.ForwardingQueue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SubmissionsTest {
  private static final Identity NAMED = new Identity.Named("order-7", "digest-1");

  @TempDir Path folder;
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  private static TaskError.Code refusal(Submission submission) {
    return ((Submission.Refused) submission).error().code();
  }

  private Submissions cutOff(Unavailable answer) {
    return over(new ClosedQueue(rig.queue, answer));
  }

  private Submissions over(TaskQueue queue) {
    return new Submissions(rig.store, queue, rig.recorder, rig.clock, rig.unsent, rig.room);
  }

  @Test
  void everyTaskOfAListIsAnsweredInOrder() throws Exception {
    TaskSpec first = as(NAMED, task());
    TaskSpec conflict = as(new Identity.Named("order-7", "digest-2"), task());
    TaskSpec last = task();
    List<Submission> answers = rig.submit(first, as(NAMED, task()), conflict, last);

    assertThat(answers.get(0)).isInstanceOf(Submission.Accepted.class);
    assertThat(((Submission.Earlier) answers.get(1)).task().id()).isEqualTo(first.id());
    assertThat(refusal(answers.get(2))).isEqualTo(TaskError.Code.IDEMPOTENCY_CONFLICT);
    assertThat(answers.get(3)).isInstanceOf(Submission.Accepted.class);
    assertThat(rig.lease(LANE))
        .extracting(leased -> leased.task().id())
        .containsExactly(first.id(), last.id());
    assertThat(rig.registry.counter("penstock.tasks.submitted", "lane", LANE.name()).count())
        .isEqualTo(2);
  }

  @Test
  void aRepeatedSubmitMakesNoSecondTask() throws Exception {
    TaskSpec spec = as(NAMED, task());
    assertThat(rig.submit(spec)).hasSize(1).hasOnlyElementsOfType(Submission.Accepted.class);
    assertThat(rig.submit(spec)).hasSize(1).hasOnlyElementsOfType(Submission.Accepted.class);

    assertThat(rig.lease(LANE)).hasSize(1);
    assertThat(rig.lease(LANE)).isEmpty();
  }

  @Test
  void aTaskWhoseTimeHasPassedIsReadyAtOnce() throws Exception {
    rig.submit(taskAt(rig.clock.instant().minusSeconds(10)));

    assertThat(rig.lease(LANE)).hasSize(1);
  }

  @Test
  void aTaskWhosePublishingSurelyFailedIsForgottenAndSoIsItsIdentity() {
    TaskSpec spec = as(NAMED, task());
    List<Submission> answers =
        cutOff(Unavailable.refused("away", new IllegalStateException()))
            .submit(new SubmitTasks(List.of(spec)))
            .answers();

    assertThat(refusal(answers.getFirst())).isEqualTo(TaskError.Code.UNAVAILABLE);
    assertThat(rig.store.find(spec.id())).isEmpty();
    assertThat(rig.submit(as(NAMED, task())))
        .hasSize(1)
        .hasOnlyElementsOfType(Submission.Accepted.class);
  }

  @Test
  void aTaskThatAnotherSubmitWasPromisedMeanwhileIsAcceptedAndSentLater() {
    TaskSpec spec = as(NAMED, task());
    List<Submission> others = new ArrayList<>();
    var queue =
        new ClosedQueue(
            rig.queue,
            Unavailable.refused("away", new IllegalStateException()),
            () -> others.addAll(rig.submit(as(NAMED, task()))));

    assertThat(over(queue).submit(new SubmitTasks(List.of(spec))).answers())
        .hasSize(1)
        .hasOnlyElementsOfType(Submission.Accepted.class);
    assertThat(((Submission.Earlier) others.getFirst()).task().id()).isEqualTo(spec.id());
    assertThat(rig.store.find(spec.id()).orElseThrow().state()).isEqualTo(TaskState.PENDING);
    assertThat(rig.enqueued).isEmpty();
    rig.unsent.run();
    rig.unsent.run();
    assertThat(rig.enqueued).extracting(TaskSpec::id).containsExactly(spec.id());
  }

  @Test
  void whatIsToBeSentLaterWaitsUntilTheQueueTakesItAndIsNotSentWhenItHasEnded() {
    TaskSpec ended = task();
    TaskSpec waiting = task();
    rig.store.insert(List.of(ended, waiting));
    rig.store.cancel(List.of(ended.id()));
    var away = new AtomicBoolean(true);
    var unsent = new Unsent(rig.store, new Failing(rig.queue, away));
    unsent.add(ended.id());
    unsent.add(waiting.id());
    assertThatThrownBy(unsent::run).as("it goes away again").isInstanceOf(Unavailable.class);
    assertThat(rig.enqueued).isEmpty();

    away.set(false);
    unsent.run();
    assertThat(rig.enqueued).extracting(TaskSpec::id).containsExactly(waiting.id());
  }

  @Test
  void aTaskWhosePublishingMayHaveHappenedStaysThoughItsSubmitIsRefused() {
    TaskSpec spec = task();
    List<Submission> answers =
        cutOff(Unavailable.unknown("timed out", new IllegalStateException()))
            .submit(new SubmitTasks(List.of(spec)))
            .answers();

    assertThat(refusal(answers.getFirst())).isEqualTo(TaskError.Code.UNAVAILABLE);
    assertThat(rig.store.find(spec.id())).isPresent();
  }

  @Test
  void whatIsNotDueNeedsNoQueue() {
    for (Unavailable answer :
        List.of(
            Unavailable.refused("away", new IllegalStateException()),
            Unavailable.unknown("timed out", new IllegalStateException()))) {
      TaskSpec later = taskAt(rig.clock.instant().plusSeconds(60));
      assertThat(cutOff(answer).submit(new SubmitTasks(List.of(later, task()))).answers())
          .first()
          .isInstanceOf(Submission.Accepted.class);
      assertThat(rig.store.find(later.id()).orElseThrow().state()).isEqualTo(TaskState.PENDING);
    }
  }

  @Test
  void aStoreThatCannotWriteRefusesEveryTask() {
    rig.database.close();

    assertThat(rig.submit(task(), task()))
        .hasSize(2)
        .allMatch(answer -> refusal(answer) == TaskError.Code.UNAVAILABLE);
  }

  /** A queue that has no trouble until something is to be enqueued. */
  private static final class Failing extends ForwardingQueue {
    private final AtomicBoolean away;

    private Failing(TaskQueue real, AtomicBoolean away) {
      super(real);
      this.away = away;
    }

    @Override
    public void enqueue(List<TaskSpec> tasks) {
      if (away.get()) {
        throw Unavailable.refused("away", new IllegalStateException());
      }
      real.enqueue(tasks);
    }

    @Override
    public Optional<String> trouble() {
      return Optional.empty();
    }
  }
}
