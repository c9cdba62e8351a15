package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.TaskQueue.Dead;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks whose message the queue gave up. */
final class DeadTaskTest {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  private Task known(TaskSpec spec) {
    return rig.store.find(spec.id()).orElseThrow();
  }

  private static Dead dropped(TaskSpec spec) {
    return new Dead(spec, false, "expired");
  }

  private static Dead tooOften(TaskSpec spec) {
    return new Dead(spec, true, "delivery_limit");
  }

  private List<TaskSpec> promoted() {
    List<TaskSpec> due = rig.store.promoteDue(10);
    rig.dispatcher.due(due);
    return due;
  }

  @Test
  void aTaskWhoseMessageWasDroppedHasFailedAndWhoWaitsIsTold() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    rig.dispatcher.dead(dropped(spec));

    Task failed = known(spec);
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    TaskError error = requireNonNull(failed.error());
    assertThat(error.code()).isEqualTo(TaskError.Code.LEASE_LOST);
    assertThat(error.message()).contains("expired");
    assertThat(rig.nextTold()).isNotNull();
  }

  @Test
  void aTaskWhoseMessageOnlyCameTooOftenComesAgainAfterAWhileAndUncounted() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    rig.dispatcher.dead(tooOften(spec));

    assertThat(rig.lease(LANE)).as("not at once: another message would die at once").isEmpty();
    rig.clock.advance(Dispatcher.SOONEST_AFTER_DEATH.minusMillis(1));
    assertThat(promoted()).isEmpty();
    rig.clock.advance(Duration.ofMillis(1));
    assertThat(promoted()).extracting(TaskSpec::id).containsExactly(spec.id());
    Task task = rig.lease(LANE).getFirst().task();
    assertThat(task.id()).isEqualTo(spec.id());
    assertThat(task.attempts()).isZero();
    assertThat(task.lost()).isZero();
  }

  @Test
  void aTaskThatLostLeasesFailsForThoseAlone() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    assertThat(rig.lease(LANE)).hasSize(1);
    rig.clock.advance(Rig.LEASE.plusSeconds(1));
    rig.dispatcher.reclaimed(rig.store.reclaimLapsed(Duration.ZERO, 3, 10));
    rig.dispatcher.dead(tooOften(spec));

    assertThat(known(spec).state()).isEqualTo(TaskState.PENDING);
    assertThat(known(spec).lost()).isEqualTo(1);
  }

  @Test
  void aMessageThatDiesOverAndOverComesEverMoreRarely() {
    TaskSpec spec = task();
    rig.submit(spec);
    rig.clock.advance(Duration.ofMinutes(10));
    rig.dispatcher.dead(tooOften(spec));
    rig.clock.advance(Duration.ofSeconds(59));
    assertThat(promoted()).isEmpty();
    rig.clock.advance(Duration.ofSeconds(1));
    assertThat(promoted()).hasSize(1);

    rig.clock.advance(Duration.ofHours(10));
    rig.dispatcher.dead(tooOften(spec));
    rig.clock.advance(Dispatcher.LATEST_AFTER_DEATH);
    assertThat(promoted()).hasSize(1);
  }

  @Test
  void anotherMessageOfAPostponedTaskIsInVain() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    rig.dispatcher.dead(tooOften(spec));
    rig.dispatcher.dead(tooOften(spec));
    rig.dispatcher.dead(dropped(spec));

    assertThat(known(spec).state())
        .as("it has none now that could be lost")
        .isEqualTo(TaskState.PENDING);
  }

  @Test
  void aTaskThatRunsOrHasEndedIsLeftAlone() throws Exception {
    TaskSpec running = task();
    rig.submit(running);
    assertThat(rig.lease(LANE)).hasSize(1);
    rig.dispatcher.dead(tooOften(running));
    rig.dispatcher.dead(dropped(running));
    assertThat(known(running).state()).isEqualTo(TaskState.PROCESSING);

    TaskSpec cancelled = task();
    rig.submit(cancelled);
    rig.store.cancel(List.of(cancelled.id()));
    rig.dispatcher.dead(tooOften(cancelled));
    rig.dispatcher.dead(dropped(cancelled));
    assertThat(known(cancelled).state()).isEqualTo(TaskState.CANCELLED);
  }
}
