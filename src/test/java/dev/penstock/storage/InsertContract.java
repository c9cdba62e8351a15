package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskWith;
import static dev.penstock.storage.TestTasks.tasks;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** New tasks, and finding them again. */
interface InsertContract extends StoreRig {

  @Test
  default void aNewTaskIsPendingAndWhole() {
    TaskSpec spec = task();
    store().insert(List.of(spec));

    Task task = get(spec);
    assertSame(task.spec(), spec);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.createdAt()).isEqualTo(clock().instant());
    assertThat(task.attempts()).isZero();
    assertThat(task.lost()).isZero();
    assertThat(task.startedAt()).isNull();
    assertThat(task.finishedAt()).isNull();
    assertThat(task.progress()).isNull();
    assertThat(task.worker()).isNull();
    assertThat(task.error()).isNull();
    assertThat(task.output()).isNull();
  }

  @Test
  default void aRepeatedInsertChangesNothing() {
    TaskSpec spec = task();
    store().insert(List.of(spec));
    claim(spec);
    store().insert(List.of(spec, spec));

    assertThat(get(spec).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(lane(LANE).running()).isEqualTo(1);
    assertThat(lane(LANE).ready()).isZero();
  }

  @Test
  default void anUnknownTaskIsNotFound() {
    assertThat(store().find(TaskId.random())).isEmpty();
    assertThat(store().findAll(List.of(TaskId.random()))).isEmpty();
  }

  @Test
  default void emptyListsAreFine() {
    store().insert(List.of());
    assertThat(store().findAll(Set.of())).isEmpty();
    assertThat(store().claim(List.of(), "w", LEASE, false)).isEmpty();
    assertThat(store().extend(List.of(), LEASE)).isEmpty();
  }

  @Test
  default void findAllLeavesInputsOutAndBringsResults() {
    List<TaskSpec> specs = tasks(3);
    store().insert(specs);
    settle(claim(specs.get(1)), new Ending.Completed(json("{\"n\":1}")));

    List<TaskId> asked = new ArrayList<>(ids(specs));
    asked.add(TaskId.random());
    Map<TaskId, Task> found = store().findAll(asked);
    assertThat(found).containsOnlyKeys(ids(specs));
    assertThat(found.values()).allMatch(task -> task.spec().input().length == 0);
    assertThat(output(known(found, specs.get(1)))).isEqualTo(bytes("{\"n\":1}"));
    assertThat(known(found, specs.get(0)).spec().metadata()).isEqualTo(specs.get(0).metadata());
  }

  @Test
  default void aThousandTasksAreKeptAtOnce() {
    List<TaskSpec> specs = tasks(1_000);
    store().insert(specs);

    assertThat(store().findAll(ids(specs))).hasSize(1_000);
    assertThat(lane(LANE).ready()).isEqualTo(1_000);
  }

  @Test
  default void textOfAnyKindComesBackUnchanged() throws Exception {
    Map<String, String> metadata =
        Map.of("ключ", "значение \" \\ \n \u0000", "😀", "日本語", "half", "\ud800", "", "");
    TaskSpec spec = taskWith(metadata, bytes("\"😀 é \\u0000 日本語\""));
    store().insert(List.of(spec));
    restart();

    assertSame(get(spec).spec(), spec);
  }

  @Test
  default void bigInputsAndOutputsComeBackUnchanged() throws Exception {
    byte[] input = new byte[4 << 20];
    new Random(1).nextBytes(input);
    byte[] output = Arrays.copyOf(input, 3 << 20);
    TaskSpec spec = taskWith(Map.of(), input);
    store().insert(List.of(spec));
    Claim.Claimed claimed = claim(spec);
    assertThat(claimed.task().spec().input()).isEqualTo(input);
    settle(claimed, new Ending.Completed(new TaskOutput(TaskOutput.Format.EMBEDDINGS, output)));
    restart();

    Task task = get(spec);
    assertThat(task.spec().input()).isEqualTo(input);
    assertThat(output(task)).isEqualTo(output);
    assertThat(requireNonNull(task.output()).format()).isEqualTo(TaskOutput.Format.EMBEDDINGS);
  }

  @Test
  default void emptyInputsAndOutputsAreKept() {
    TaskSpec spec = taskWith(Map.of(), new byte[0]);
    store().insert(List.of(spec));
    settle(claim(spec), new Ending.Completed(json("")));

    assertThat(get(spec).spec().input()).isEmpty();
    assertThat(output(get(spec))).isEmpty();
  }

  @Test
  default void longTimesAreKept() {
    TaskSpec plain = task();
    TaskSpec spec =
        new TaskSpec(
            plain.id(),
            new TaskSpec.Work(new Lane("ping", null), Priority.LOWEST, plain.input(), Instant.MAX),
            new TaskSpec.Limits(1, Duration.ofDays(365)),
            new TaskSpec.Retention(Duration.ofDays(36_500), Duration.ZERO),
            new TaskSpec.Origin("owner", Map.of(), null, null));
    store().insert(List.of(spec));

    assertThat(get(spec).spec().timeout()).isEqualTo(spec.timeout());
    assertThat(get(spec).spec().retention()).isEqualTo(spec.retention());
    assertThat(get(spec).spec().lane()).isEqualTo(spec.lane());
    assertThat(get(spec).spec().replyTo()).isNull();
    assertThat(store().promoteDue(10)).isEmpty();
  }

  @Test
  default void whenATaskWasCreatedIsAnsweredAsItIsKept() {
    TaskSpec spec = task();
    TaskSpec named = TestTasks.as(new Identity.Named("order", "content"), task());
    for (TaskSpec each : List.of(spec, named)) {
      Inserted first = store().insert(List.of(each)).getFirst();
      assertThat(first).isEqualTo(new Inserted.Kept(get(each).createdAt()));
      clock().advance(Duration.ofSeconds(7));
      assertThat(store().insert(List.of(each))).as("once more").containsExactly(first);
    }
  }

  @Test
  default void anUnclaimedTaskCanBeForgotten() {
    TaskSpec spec = task();
    store().insert(List.of(spec));

    assertThat(store().withdraw(spec.id())).isTrue();
    assertThat(store().find(spec.id())).isEmpty();
    assertThat(store().withdraw(spec.id())).isFalse();
    assertThat(store().figures().lanes()).isEmpty();
  }

  @Test
  default void aTaskThatWasEverClaimedIsNotForgotten() {
    TaskSpec spec = task();
    store().insert(List.of(spec));
    Claim.Claimed claimed = claim(spec);
    assertThat(store().withdraw(spec.id())).isFalse();
    settle(claimed, new Ending.Returned(Duration.ZERO));
    assertThat(store().withdraw(spec.id())).isFalse();
    assertThat(store().find(spec.id())).isPresent();
  }
}
