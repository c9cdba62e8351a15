package dev.penstock.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.core.RetryResult;
import dev.penstock.core.TaskFilter;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Families whose node dies, or whose store is away, between any two of its writes. */
final class CrashPointsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** What a dead worker held is lost after 40 s; an end that nobody told of is found within 60. */
  private static final int SECONDS_UNTIL_MENDED = 105;

  private static final Duration NONE_BEGINS_LATER = Duration.ofSeconds(5);

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private Rig rig;

  private final Map<TaskId, Instant> begun = new HashMap<>();

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  /** What a run of a program does until it is killed. */
  private interface Life {
    void live(FamilyNode node, TaskSpec parent) throws Exception;
  }

  /** A parent and a node that did something with it until it died; null: it outlived that. */
  private record Left(TaskSpec parent, boolean died) {}

  private Left live(Mortal fate, boolean failing, Life life) throws Exception {
    TaskQueue queue = queue();
    // Submitted by another node: who was told 202 before is not what is looked at here.
    TaskSpec parent = new FamilyNode(rig, rig.store, queue).submit(failing);
    var node = new FamilyNode(rig, fate.over(rig.store), fate.over(queue));
    boolean died = false;
    try {
      life.live(node, parent);
    } catch (Mortal.Died e) {
      died = true;
    }
    begun.putAll(node.begun);
    return new Left(parent, died);
  }

  /** A program's queue knows of no message in flight when it starts. */
  private TaskQueue queue() {
    return Storage.in(rig.database, rig.clock).queue();
  }

  /** Another node does the rest. */
  private Task mend(TaskSpec parent, FamilyNode other) throws Exception {
    for (int i = 0; i < SECONDS_UNTIL_MENDED && !over(parent); i++) {
      rig.clock.advance(SECOND);
      other.turn();
    }
    begun.putAll(other.begun);
    Task task = known(parent.id());
    assertThat(task.state().ended()).as("it has ended: %s", task).isTrue();
    return task;
  }

  private FamilyNode another() {
    return new FamilyNode(rig, rig.store, queue());
  }

  private boolean over(TaskSpec parent) {
    return known(parent.id()).state().ended()
        && children(parent).stream().allMatch(child -> child.state().ended());
  }

  private Task known(TaskId id) {
    return rig.store.find(id).orElseThrow();
  }

  private List<Task> children(TaskSpec parent) {
    return rig.store.list(TaskFilter.of("owner").childrenOf(parent.id()), null, 100).tasks();
  }

  private static void completes(FamilyNode node, TaskSpec parent) throws Exception {
    for (int i = 0; i < 8; i++) {
      node.turn();
    }
  }

  private void assertComplete(Task parent) {
    assertThat(parent.state()).as("%s", parent).isEqualTo(TaskState.COMPLETED);
    assertThat(new String(requireNonNull(parent.output()).bytes(), StandardCharsets.UTF_8))
        .as("children that completed")
        .isEqualTo(Integer.toString(FamilyNode.IN_ALL));
    assertThat(parent.attempts()).isEqualTo(1);
  }

  @Test
  void aFamilyCompletesWhereverItsNodeDies() throws Exception {
    int writes = 0;
    for (boolean died = true; died; writes++) {
      Left left = live(Mortal.dyingAfter(writes), false, CrashPointsTest::completes);
      died = left.died();
      assertComplete(died ? mend(left.parent(), another()) : known(left.parent().id()));
    }
    assertThat(writes).as("crash points").isGreaterThan(20);
  }

  @Test
  void aFamilyWhoseChildFailsForGoodFailsWhereverItsNodeDies() throws Exception {
    for (int writes = 0; ; writes++) {
      Left left = live(Mortal.dyingAfter(writes), true, CrashPointsTest::completes);
      Task parent = mend(left.parent(), another());
      assertThat(parent.state()).isEqualTo(TaskState.FAILED);
      assertNoneBeganLate(parent);
      if (!left.died()) {
        return;
      }
    }
  }

  @Test
  void noChildBeginsLaterThanItsParentsEndWhereverTheNodeThatCancelsDies() throws Exception {
    for (int turns = 0; turns < 3; turns++) {
      boolean died = true;
      for (int writes = 0; died; writes++) {
        int before = turns;
        Left left =
            live(
                Mortal.dyingAfter(writes),
                false,
                (node, parent) -> {
                  for (int i = 0; i < before; i++) {
                    node.work(FamilyNode.PARENTS);
                    node.work(i == 0 ? FamilyNode.PARENTS : FamilyNode.CHILDREN);
                  }
                  node.byHand.cancel(new CancelTask(parent.id()));
                });
        died = left.died();
        FamilyNode other = another();
        other.byHand.cancel(new CancelTask(left.parent().id())); // As a client would, unanswered.
        Task parent = mend(left.parent(), other);
        assertThat(parent.state()).isEqualTo(TaskState.CANCELLED);
        assertNoneBeganLate(parent);
      }
    }
  }

  private void assertNoneBeganLate(Task parent) {
    Instant ended = requireNonNull(parent.finishedAt());
    assertThat(children(parent.spec()))
        .allSatisfy(child -> {
          assertThat(child.state().ended()).as("%s", child).isTrue();
          assertThat(begun.getOrDefault(child.id(), ended))
              .isBeforeOrEqualTo(ended.plus(NONE_BEGINS_LATER));
        });
  }

  @Test
  void aFamilyCompletesThoughItsStoreIsAwayForAWhileWheneverThatBegins() throws Exception {
    for (boolean done : List.of(false, true)) {
      Supplier<RuntimeException> away =
          () ->
              done
                  ? Unavailable.unknown("injected", new IllegalStateException())
                  : Unavailable.refused("injected", new IllegalStateException());
      boolean hit = true;
      for (int writes = 0; hit; writes++) {
        Mortal fate = Mortal.failingAfter(writes, done ? 1 : 4, done, away);
        Left left =
            live(
                fate,
                false,
                (node, parent) -> {
                  for (int i = 0; i < SECONDS_UNTIL_MENDED * 2 && !over(parent); i++) {
                    rig.clock.advance(SECOND);
                    node.turn();
                  }
                });
        hit = fate.hit();
        assertComplete(known(left.parent().id()));
        if (writes > 60) {
          return; // The chores write as long as they live.
        }
      }
    }
  }

  @Test
  void aFailedFamilyThatIsRetriedByHandCompletesWhereverTheNodeDies() throws Exception {
    boolean died = true;
    for (int writes = 0; died; writes++) {
      FamilyNode first = another();
      TaskSpec parent = first.submit(false);
      for (int i = 0; i < 2; i++) {
        first.work(FamilyNode.PARENTS);
      }
      first.byHand.cancel(new CancelTask(parent.id()));
      assertThat(children(parent)).hasSize(FamilyNode.AT_A_TIME);
      assertThat(children(parent)).allMatch(child -> child.state() == TaskState.CANCELLED);

      Mortal fate = Mortal.dyingAfter(writes);
      var node = new FamilyNode(rig, fate.over(rig.store), fate.over(queue()));
      died = false;
      try {
        node.byHand.retry(new RetryTask(parent.id()));
        completes(node, parent);
      } catch (Mortal.Died e) {
        died = true;
      }
      FamilyNode other = another();
      RetryResult answer = other.byHand.retry(new RetryTask(parent.id()));
      assertThat(answer).isInstanceOfAny(RetryResult.Now.class, RetryResult.Otherwise.class);
      Task task = mend(parent, other);
      assertThat(task.state()).isEqualTo(TaskState.COMPLETED);
    }
  }
}
