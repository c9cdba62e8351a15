package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.Glance;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskOutput.Format;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Looks at tasks that leave what may be long where it is. */
interface GlanceContract extends StoreRig {

  private Glance glance(TaskSpec spec) {
    return requireNonNull(store().glance(List.of(spec.id())).get(spec.id()));
  }

  private static byte[] text(int bytes) {
    byte[] text = new byte[bytes];
    Arrays.fill(text, (byte) 'x');
    text[0] = '"';
    text[bytes - 1] = '"';
    return text;
  }

  @Test
  default void aLongResultStaysWhereItIsAndItsLengthIsTold() {
    TaskSpec spec = inserted(task(LANE, Priority.TASK, text(300)));
    assertThat(glance(spec).format()).isNull();
    assertThat(glance(spec).without()).isFalse();
    settle(
        claim(spec),
        new Ending.Completed(new TaskOutput(Format.EMBEDDINGS, text(Glance.SHORT + 1))));

    Glance seen = glance(spec);
    assertThat(seen.task().state()).isEqualTo(TaskState.COMPLETED);
    assertThat(seen.task().output()).isNull();
    assertThat(seen.task().spec().input()).isEmpty();
    assertThat(seen.without()).isTrue();
    assertThat(seen.format()).isEqualTo(Format.EMBEDDINGS);
    assertThat(seen.inputBytes()).isEqualTo(300);
    assertThat(seen.resultBytes()).isEqualTo(Glance.SHORT + 1);
    assertThat(output(get(spec))).hasSize(Glance.SHORT + 1);
  }

  @Test
  default void aShortResultComesAtOnceAndUnknownTasksAreLeftOut() {
    TaskSpec spec = inserted(task());
    settle(claim(spec), new Ending.Completed(new TaskOutput(Format.JSON, text(Glance.SHORT))));
    assertThat(store().glance(List.of(TaskId.random(), spec.id()))).containsOnlyKeys(spec.id());
    assertThat(output(glance(spec).task())).isEqualTo(text(Glance.SHORT));
    assertThat(glance(spec).without()).isFalse();
    assertThat(glance(spec).task().createdAt()).isEqualTo(get(spec).createdAt());
  }
}
