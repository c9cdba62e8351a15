package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.metrics.Meters;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which unknown tasks are made again, and which stay deleted. */
final class LostRecordsTest {
  private static final Claim UNKNOWN = new Claim.Unknown(Instant.EPOCH);

  @TempDir Path folder;
  private final SettableClock clock = new SettableClock();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private Rig rig;

  @SuppressWarnings("NullAway.Init")
  private TaskStore store;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
    store = rig.store;
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  /** A broker with one message. */
  private record OneMessage(TaskSpec spec) implements TaskQueue {
    @Override
    public void enqueue(List<TaskSpec> tasks) {}

    @Override
    public List<Delivery> receive(Lane lane, Room room, Duration wait) {
      return List.of(new Delivery(spec.id(), lane, 1));
    }

    @Override
    public Optional<TaskSpec> whole(Delivery delivery) {
      return Optional.of(spec);
    }

    @Override
    public void ack(List<Delivery> deliveries) {}

    @Override
    public List<Delivery> release(List<Delivery> deliveries) {
      return List.of();
    }

    @Override
    public Optional<String> trouble() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  private boolean restore(TaskSpec spec, Claim claim) {
    var records = new LostRecords(store, new OneMessage(spec), new Meters(registry), clock);
    return records.restore(List.of(new Delivery(spec.id(), LANE, 1)), List.of(claim));
  }

  private void pass(TaskSpec spec, Duration since) {
    clock.advance(Duration.between(clock.instant(), spec.id().time().plus(since)));
  }

  private static Duration shortest(TaskSpec spec) {
    TaskSpec.Retention kept = spec.retention();
    return kept.completed().compareTo(kept.failed()) < 0 ? kept.completed() : kept.failed();
  }

  @Test
  void aTaskTooYoungToHaveExpiredIsMadeAgain() {
    TaskSpec spec = task();
    pass(spec, shortest(spec).minusSeconds(1));

    assertThat(restore(spec, UNKNOWN)).isTrue();
    assertThat(store.find(spec.id())).isPresent();
    assertThat(registry.get("penstock.tasks.restored").counter().count()).isEqualTo(1);
  }

  @Test
  void aTaskThatMayHaveEndedAndExpiredStaysDeleted() {
    TaskSpec spec = task();
    pass(spec, shortest(spec).plusSeconds(1));

    assertThat(restore(spec, UNKNOWN)).isFalse();
    assertThat(store.find(spec.id())).isEmpty();
  }

  @Test
  void anOldTaskIsMadeAgainWhenTheStoreIsYounger() {
    TaskSpec spec = task();
    pass(spec, shortest(spec).plusDays(1));

    assertThat(restore(spec, new Claim.Unknown(clock.instant()))).isTrue();
    assertThat(store.find(spec.id())).isPresent();
  }

  @Test
  void aChildIsAsOldAsWhatItsParentAskedForAndNotAsItsParent() {
    TaskSpec parent = task();
    pass(parent, Duration.ofDays(30));
    var origin = new TaskSpec.Origin("owner", Map.of(), null, null, parent.id(), clock.instant());
    TaskSpec spec =
        new TaskSpec(
            TaskId.child(parent.id(), "a"),
            parent.work(),
            parent.limits(),
            parent.retention(),
            origin);

    assertThat(restore(spec, UNKNOWN)).isTrue();
  }

  @Test
  void whatIsKnownIsNotTouched() {
    TaskSpec spec = task();
    pass(spec, Duration.ZERO);

    assertThat(restore(spec, new Claim.Settled())).isFalse();
    assertThat(restore(spec, new Claim.Held())).isFalse();
    assertThat(store.find(spec.id())).isEmpty();
  }

  @Test
  void aTaskWhoseIdentityIsAnothersByNowIsMadeAgainWithoutIt() {
    var name = new Identity.Named("order", "digest");
    TaskSpec later = as(name, task());
    store.insert(List.of(later));
    TaskSpec lost = as(name, task());
    pass(lost, Duration.ZERO);

    assertThat(restore(lost, UNKNOWN)).isTrue();
    assertThat(store.find(lost.id())).isPresent();
    assertThat(store.find(later.id())).isPresent();
  }
}
