package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.base.SteadyClock;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RescuerTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path folder;
  private final Broker broker = new Broker();
  private Rig rig;
  private Rescuer rescuer;

  /** A broker that has as many messages as the test says, and remembers what it gets. */
  private static final class Broker implements TaskQueue {
    private final List<TaskId> got = new ArrayList<>();
    private OptionalLong messages = OptionalLong.of(0);

    @Override
    public void enqueue(List<TaskSpec> tasks) {
      tasks.forEach(task -> got.add(task.id()));
    }

    @Override
    public List<Delivery> receive(Lane lane, Room room, Duration wait) {
      return List.of();
    }

    @Override
    public void ack(List<Delivery> deliveries) {}

    @Override
    public List<Delivery> release(List<Delivery> deliveries) {
      return List.of();
    }

    @Override
    public OptionalLong messages(Lane lane) {
      return messages;
    }

    @Override
    public Optional<String> trouble() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  @BeforeEach
  void open() {
    rig = new Rig(folder);
    rescuer =
        new Rescuer(
            rig.store, broker, new SteadyClock(rig.clock, rig.clock::nanos), rig.clock, PATIENCE);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  @Test
  void readyTasksWithoutAMessageAreEnqueuedAgainAfterAWhile() {
    TaskSpec lost = task();
    rig.submit(lost);
    rescuer.run();
    assertThat(broker.got).as("a message may be on its way").isEmpty();
    rig.clock.advance(PATIENCE);
    rescuer.run();
    assertThat(broker.got).containsExactly(lost.id());
    rescuer.run();
    assertThat(broker.got).as("not again at once").hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -2})
  void aLostMessageIsMissedInTimeThoughTheClockIsSet(int hours) {
    TaskSpec lost = task();
    rig.submit(lost);
    rescuer.run();
    rig.clock.set(Duration.ofHours(hours));
    rescuer.run();
    assertThat(broker.got).as("a message may be on its way").isEmpty();
    rig.clock.advance(PATIENCE);
    rescuer.run();
    assertThat(broker.got).containsExactly(lost.id());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -2})
  void anOvertakenTaskIsMissedInTimeThoughTheClockIsSet(int hours) {
    TaskSpec first = task(5);
    rig.submit(first);
    broker.messages = OptionalLong.of(3);
    rig.clock.advance(PATIENCE.plusSeconds(1));
    TaskSpec later = task(5);
    rig.submit(later);
    rig.store.claim(List.of(later.id()), "w", PATIENCE, false);
    rig.clock.set(Duration.ofHours(hours));
    rescuer.run();
    assertThat(broker.got).containsExactly(first.id());
    for (int i = 0; i < 3; i++) {
      rig.clock.advance(PATIENCE);
      rescuer.run();
    }
    assertThat(broker.got).as("its copy may be on its way").hasSize(1);
  }

  @Test
  void aLaneThatHasMessagesIsLeftAlone() {
    rig.submit(task());
    rescuer.run();
    rig.clock.advance(PATIENCE);
    broker.messages = OptionalLong.of(1);
    rescuer.run();
    broker.messages = OptionalLong.of(0);
    rescuer.run();
    assertThat(broker.got).as("its time begins anew").isEmpty();
  }

  @Test
  void whatIsNotKnownIsNotTakenForLost() {
    rig.submit(task());
    broker.messages = OptionalLong.empty();
    rescuer.run();
    rig.clock.advance(PATIENCE);
    rescuer.run();
    assertThat(broker.got).isEmpty();
  }

  @Test
  void aTaskThatLaterOnesOvertakeIsEnqueuedOnceMore() throws Exception {
    TaskSpec first = task(5);
    rig.submit(first);
    broker.messages = OptionalLong.of(3);
    rig.clock.advance(PATIENCE.plusSeconds(1));
    TaskSpec moreUrgent = task(6);
    rig.submit(moreUrgent);
    rig.store.claim(List.of(moreUrgent.id()), "w", PATIENCE, false);
    rescuer.run();
    assertThat(broker.got).as("a more urgent one may overtake").isEmpty();

    TaskSpec later = task(5);
    rig.submit(later);
    rig.store.claim(List.of(later.id()), "w", PATIENCE, false);
    rig.clock.advance(PATIENCE);
    rescuer.run();
    assertThat(broker.got).containsExactly(first.id());
    rig.clock.advance(PATIENCE);
    rescuer.run();
    assertThat(broker.got).as("its copy may be on its way").hasSize(1);
  }

  @Test
  void whatWaitsForVeryLongIsEnqueuedOnceMoreThoughNothingOvertakesIt() {
    TaskSpec starved = task();
    rig.submit(starved);
    broker.messages = OptionalLong.of(3);
    rig.clock.advance(Duration.ofMinutes(59));
    rescuer.run();
    assertThat(broker.got).isEmpty();
    rig.clock.advance(Duration.ofMinutes(2));
    rescuer.run();
    assertThat(broker.got).containsExactly(starved.id());
  }

  @Test
  void aTaskThatRunsIsNotEnqueued() throws Exception {
    TaskSpec running = task();
    rig.submit(running);
    assertThat(rig.lease(LANE)).hasSize(1);
    TaskSpec lost = task();
    rig.submit(lost);
    rescuer.run();
    rig.clock.advance(PATIENCE);
    rescuer.run();
    assertThat(broker.got).containsExactly(lost.id());
  }
}
