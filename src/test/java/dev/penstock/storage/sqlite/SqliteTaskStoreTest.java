package dev.penstock.storage.sqlite;

import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Awaiting;
import dev.penstock.core.Ending;
import dev.penstock.core.NewChild;
import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.TakenOver;
import dev.penstock.storage.TaskStore.Taking;
import dev.penstock.storage.TaskStoreContract;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SqliteTaskStoreTest extends TaskStoreContract {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // The contract opens it before each test.
  private SqliteDatabase database;

  @Override
  protected TaskStore open(SettableClock clock) {
    database = SqliteDatabase.open(folder.resolve("data/penstock.db"));
    return Storage.in(database, clock, clock::nanos).tasks();
  }

  @Override
  protected void shutDown() {
    store().close();
    database.close();
  }

  @Test
  void whoTakesOverGetsBackAtOnceWhatADeadProcessHeld() {
    assertThat(store().takeOver("first", MAX_LOST, 10).died()).isFalse();
    List<TaskSpec> specs = tasks(3);
    store().insert(specs);
    store().claim(ids(specs.subList(0, 2)), "first", LEASE, false);
    store().claim(ids(specs.subList(2, 3)), "far away", LEASE, false);

    TakenOver taken = store().takeOver("second", MAX_LOST, 10);
    assertThat(taken.died()).isTrue();
    assertThat(ids(taken.lapsed().ready())).hasSameElementsAs(ids(specs.subList(0, 2)));
    assertThat(claim(specs.getFirst()).deaths()).isEqualTo(1);
    assertThat(get(specs.getFirst()).lost()).isEqualTo(1);
    assertThat(get(specs.get(2)).state()).as("its worker may live").isEqualTo(TaskState.PROCESSING);
    assertThat(store().takeOver("second", MAX_LOST, 10).lapsed().ready()).isEmpty();
    assertThat(store().takeOver("second", MAX_LOST, 10).died()).isFalse();
  }

  @Test
  void whatAProcessLeavesBehindThatEndedInGoodOrderIsNoDeath() {
    store().takeOver("first", MAX_LOST, 10);
    TaskSpec spec = inserted(TestTasks.task());
    store().claim(List.of(spec.id()), "first", LEASE, false);
    store().leave("first");

    TakenOver taken = store().takeOver("second", MAX_LOST, 10);
    assertThat(taken.died()).isFalse();
    assertThat(ids(taken.lapsed().ready())).containsExactly(spec.id());
    assertThat(get(spec).lost()).isZero();
    assertThat(claim(spec).deaths()).isZero();
  }

  @Test
  void aProcessThatDiesOverAndOverTakesNoTaskWithItThatRanApart() {
    TaskSpec spec = suspect();
    for (int i = 0; i < 5; i++) {
      store().takeOver("process " + i, MAX_LOST, 10);
      store().takeOver("process " + i, MAX_LOST, 10);
      assertThat(store().claim(List.of(spec.id()), "process " + i, LEASE, Taking.APART).getFirst())
          .isInstanceOf(Claim.Claimed.class);
    }
    assertThat(get(spec).lost()).isEqualTo(2);
  }

  @Test
  void dueTasksWithLongInputsComeInSmallParts() {
    Instant soon = clock().instant().plusSeconds(1);
    List<TaskSpec> specs = List.of(longAt(soon), longAt(soon), longAt(soon));
    store().insert(specs);
    clock().advance(Duration.ofSeconds(1));

    assertThat(store().promoteDue(10)).hasSize(2);
    assertThat(store().promoteDue(10)).hasSize(1);
    assertThat(store().promoteDue(10)).isEmpty();
  }

  @Test
  void lapsedTasksWithLongInputsComeInSmallParts() {
    Instant now = clock().instant();
    List<TaskSpec> specs = List.of(longAt(now), longAt(now), longAt(now));
    store().insert(specs);
    claimAll(specs);
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));

    assertThat(reclaim().ready()).hasSize(2);
    assertThat(reclaim().ready()).hasSize(1);
    assertThat(reclaim().ready()).isEmpty();
  }

  private static TaskSpec longAt(Instant runAt) {
    return taskAt(runAt, new byte[5 * 1024 * 1024]);
  }

  @Test
  void whatEndedBeforeADowntimeCanStillBeFetchedForAWhileAfterIt() throws Exception {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Completed(json("1")));
    store().holdChores("a", Duration.ofSeconds(4));
    shutDown();
    clock().set(Duration.ofHours(2));
    reopen();
    store().holdChores("a", Duration.ofSeconds(4));

    assertThat(store().deleteExpired(10)).isZero();
    clock().advance(Duration.ofMinutes(9));
    assertThat(store().deleteExpired(10)).isZero();
    clock().advance(Duration.ofMinutes(1));
    assertThat(store().deleteExpired(10)).isEqualTo(1);
  }

  @Test
  void theTimeIsKeptAndNotOftenWritten() {
    store().holdChores("a", Duration.ofSeconds(4));
    Commits kept = database.commits();
    for (int second = 1; second < 10; second++) {
      clock().advance(Duration.ofSeconds(1));
      store().holdChores("a", Duration.ofSeconds(4));
    }
    assertThat(database.commits()).isEqualTo(kept);
    clock().advance(Duration.ofSeconds(1));
    store().holdChores("a", Duration.ofSeconds(4));
    assertThat(database.commits().relaxed()).isEqualTo(kept.relaxed() + 1);
  }

  @Test
  void insertsAndSettlesAreSyncedAndClaimsAreNot() {
    List<TaskSpec> specs = tasks(1);
    Commits start = database.commits();
    store().insert(specs);
    Commits inserted = database.commits();
    assertThat(inserted.synced()).isEqualTo(start.synced() + 1);
    Claim.Claimed claimed =
        (Claim.Claimed) store().claim(ids(specs), "w", Duration.ofSeconds(9), false).getFirst();
    Commits afterClaim = database.commits();
    assertThat(afterClaim.synced()).isEqualTo(inserted.synced());
    assertThat(afterClaim.relaxed()).isEqualTo(inserted.relaxed() + 1);
    store()
        .settle(
            List.of(
                new Settle(
                    claimed.task().id(), claimed.lease().token(), new Ending.Completed(json("1")))))
        .getFirst();
    assertThat(database.commits().synced()).isEqualTo(afterClaim.synced() + 1);
  }

  @Test
  void newChildrenWithLongInputsComeInSmallParts() {
    TaskSpec parent = parentOf(3);
    List<TaskSpec> first = store().children().toInsert(Duration.ZERO, 10);
    assertThat(first).hasSize(2);
    store().insert(first);
    store().children().inserted(first);
    assertThat(store().children().toInsert(Duration.ZERO, 10)).hasSize(1);
    assertThat(store().find(parent.id()).orElseThrow().waitingOn()).isEqualTo(3);
  }

  @Test
  void awaitsAreSyncedAndMarksAreNot() {
    TaskSpec parent = parentOf(1);
    List<TaskSpec> added = store().children().toInsert(Duration.ZERO, 10);
    Commits awaited = database.commits();
    store().children().inserted(added);
    End end = new End(parent.id(), added.getFirst().id(), TaskState.COMPLETED);
    assertThat(store().children().ended(List.of(end))).hasSize(1);
    store().children().release(parent.id(), ids(added));
    assertThat(database.commits().synced()).isEqualTo(awaited.synced());
    assertThat(database.commits().relaxed()).isEqualTo(awaited.relaxed() + 3);
  }

  @Test
  void lookingForWorkWithFamiliesCommitsNothing() {
    parentOf(1);
    Commits before = database.commits();
    assertThat(store().children().wakeDue(10)).isEmpty();
    assertThat(store().children().toInsert(Duration.ofSeconds(1), 10)).isEmpty();
    assertThat(store().children().waiting(null, 10)).hasSize(1);
    assertThat(store().children().abandoned(10, 10)).isEmpty();
    assertThat(store().children().releaseForgotten(10)).isZero();
    assertThat(store().children().ended(List.of())).isEmpty();
    assertThat(database.commits()).isEqualTo(before);
  }

  /** A parent that waits for so many new children, with long inputs. */
  private TaskSpec parentOf(int children) {
    Claim.Claimed parent = claimed();
    TaskSpec spec = parent.task().spec();
    List<NewChild> asked =
        IntStream.range(0, children)
            .mapToObj(i -> new NewChild("key " + i, longChild(spec, "key " + i)))
            .toList();
    settle(parent, new Ending.Waits(new Awaiting(asked, 0, null, false)));
    return spec;
  }

  private TaskSpec longChild(TaskSpec parent, String key) {
    TaskSpec like = longAt(clock().instant());
    TaskSpec.Origin origin =
        new TaskSpec.Origin("owner", Map.of(), null, null, parent.id(), clock().instant());
    return new TaskSpec(
        TaskId.child(parent.id(), key), like.work(), like.limits(), like.retention(), origin);
  }
}
