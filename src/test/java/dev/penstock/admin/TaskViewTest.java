package dev.penstock.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.admin.jte.StaticTemplates;
import dev.penstock.core.Step;
import dev.penstock.start.SettingGroups;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.task.TaskState;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.embedding.TestEmbeddings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class TaskViewTest {
  private static final TaskTypes TYPES =
      new TaskTypes(TaskTypes.BUILT_IN, List.of(), SettingGroups.load(Map.of(), Map.of(), null));
  private static final Instant NOW = Instant.parse("2025-11-22T03:00:00Z");
  private static final Instant CREATED = NOW.minusSeconds(100);
  private static final TaskError ERROR =
      new TaskError(TaskError.Code.HANDLER_FAILED, "failed as asked");

  private static TaskSpec spec(String input, @Nullable Instant runAt) {
    return new TaskSpec(
        TaskId.random(),
        new TaskSpec.Work(new Lane("ping", null), Priority.TASK, input.getBytes(UTF_8), runAt),
        new TaskSpec.Limits(3, Duration.ofMinutes(10)),
        new Retention(Duration.ofHours(1), Duration.ofDays(7)),
        new TaskSpec.Origin("default", Map.of("who", "<i>me</i>"), null, null));
  }

  private static Task task(TaskSpec spec, TaskState state, @Nullable TaskOutput output) {
    boolean began = state != TaskState.PENDING;
    return new Task(
        spec,
        state,
        1,
        0,
        state == TaskState.PROCESSING ? new Progress(2, 8, "slept") : null,
        CREATED,
        began ? CREATED.plusSeconds(10) : null,
        state.ended() ? CREATED.plusSeconds(30) : null,
        began ? "node-1" : null,
        state == TaskState.FAILED ? ERROR : null,
        output);
  }

  private static TaskView view(TaskState state, Step... steps) {
    return TaskView.of(task(spec("{}", null), state, null), TYPES, List.of(steps), false, NOW, "");
  }

  @Test
  void aTaskLeadsToItsParentAndItsChildren() {
    TaskId parent = TaskId.random();
    TaskSpec plain = spec("{}", null);
    var origin = new TaskSpec.Origin("default", Map.of(), null, null, parent, null);
    var made = new TaskSpec(plain.id(), plain.work(), plain.limits(), plain.retention(), origin);
    Task waits = task(made, TaskState.PROCESSING, null).waitingOn(1_234);
    TaskView view = TaskView.of(waits, TYPES, List.of(), true, NOW, "");
    assertThat(view.family())
        .extracting(TaskView.Relation::path)
        .containsExactly("/dashboard/tasks/" + parent, "/dashboard/tasks?parent=" + plain.id());
    assertThat(new StaticTemplates().task(view).render()).contains("Waits for 1,234 children");
    assertThat(view(TaskState.PROCESSING).family()).isEmpty();
  }

  @Test
  void aScriptInATaskStaysText() {
    String script = "</code><script>alert(1)</script>";
    var spec = spec("{\"input\":\"" + script + "\"}", null);
    var output = new TaskOutput(TaskOutput.Format.JSON, ("\"" + script + "\"").getBytes(UTF_8));
    String html =
        new StaticTemplates()
            .task(
                TaskView.of(
                    task(spec, TaskState.COMPLETED, output), TYPES, List.of(), false, NOW, ""))
            .render();
    assertThat(html)
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;i&gt;me")
        .doesNotContain("<script>")
        .doesNotContain("<i>");
  }

  @Test
  void theTimelineTellsEveryAttempt() {
    Instant first = CREATED.plusSeconds(2);
    var view =
        view(
            TaskState.COMPLETED,
            new Step(Step.Kind.FAILED, first, first.minusMillis(250), "node-1", ERROR),
            new Step(Step.Kind.LOST, first.plusSeconds(3), first.plusSeconds(1), "node-2", null),
            new Step(Step.Kind.RETRIED, first.plusSeconds(4), null, null, null),
            new Step(Step.Kind.FAILED, first.plusSeconds(5), null, null, ERROR));
    assertThat(view.timeline())
        .extracting(Timeline.Entry::what)
        .containsExactly(
            "Created",
            "Attempt 1 failed",
            "Its worker was not heard from",
            "Retried by hand",
            "Attempt 1 failed",
            "Started",
            "Completed");
    assertThat(view.timeline().get(1).detail()).isEqualTo("after 250 ms on node-1");
    assertThat(view.timeline().get(1).error()).isEqualTo("failed as asked");
    assertThat(view.timeline().getLast().detail()).isEqualTo("ran 20 s");
  }

  @Test
  void theTimelineOfATaskThatWasRetriedEndsWithTheTimeItIsDue() {
    Task task = task(spec("{}", NOW.plusSeconds(60)), TaskState.PENDING, null);
    List<Step> steps =
        List.of(
            new Step(Step.Kind.CANCELLED, CREATED.plusSeconds(2), null, null, null),
            new Step(Step.Kind.RETRIED, CREATED.plusSeconds(3), null, null, null));
    TaskView view = TaskView.of(task, TYPES, steps, false, NOW, "");
    assertThat(view.row().state()).isEqualTo("scheduled");
    assertThat(view.timeline())
        .extracting(Timeline.Entry::what)
        .containsExactly("Created", "Cancelled", "Retried by hand", "Is due");
  }

  @Test
  void anErrorIsNotToldTwiceInTheTimeline() {
    var told = new Step(Step.Kind.FAILED, CREATED.plusSeconds(30), null, null, ERROR);
    assertThat(view(TaskState.FAILED, told).timeline().getLast().error()).isEmpty();
    assertThat(view(TaskState.FAILED).timeline().getLast().error()).isEqualTo("failed as asked");
  }

  @Test
  void whatCanBeDoneDependsOnTheState() {
    assertThat(view(TaskState.PENDING).cancellable()).isTrue();
    assertThat(view(TaskState.PROCESSING).cancellable()).isTrue();
    assertThat(view(TaskState.COMPLETED).cancellable()).isFalse();
    assertThat(view(TaskState.COMPLETED).retriable()).isFalse();
    assertThat(view(TaskState.FAILED).retriable()).isTrue();
    assertThat(view(TaskState.CANCELLED).retriable()).isTrue();
  }

  @Test
  void aTaskThatIsDueLaterIsCalledScheduled() {
    var later = task(spec("{}", NOW.plusSeconds(60)), TaskState.PENDING, null);
    assertThat(TaskRow.of(later, NOW).state()).isEqualTo("scheduled");
    assertThat(TaskRow.of(later, NOW.plusSeconds(61)).state()).isEqualTo("pending");
  }

  @Test
  void onlyARunningTaskHasABar() {
    assertThat(view(TaskState.PROCESSING).row().progress())
        .isEqualTo(new TaskRow.Bar(2, 8, "2 of 8"));
    assertThat(view(TaskState.COMPLETED).row().progress()).isNull();
  }

  @Test
  void vectorsAreToldInShort() {
    var output = TestEmbeddings.output(8, 12, 0, new float[][] {new float[8], new float[8]});
    Payload payload = Payload.of(output, TYPES.find("embedding"));
    assertThat(payload.summary()).isEqualTo("2 vectors × 8, 12 tokens");
    assertThat(payload.text()).startsWith("[0.0000, 0.0000").contains("…]").hasLineCount(2);
  }

  @Test
  void longInputsAreCut() {
    Payload payload = Payload.json(("\"" + "😀".repeat(10_000) + "\"").getBytes(UTF_8));
    assertThat(payload.cut()).isTrue();
    assertThat(payload.text()).hasSizeLessThan(4_100).doesNotContain("\ud83d…");
    assertThat(payload.summary()).isEqualTo("39.1 KiB");
  }
}
