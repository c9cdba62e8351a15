package dev.penstock.task;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How a handler reads its input and writes its result without a JSON library. */
final class TaskInputTest {

  private record Input(String firstName, int count, @Nullable String absent) {}

  private static Task task(String input) {
    var retention = new TaskSpec.Retention(Duration.ofHours(1), Duration.ofHours(1));
    var spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(new Lane("word", null), Priority.TASK, input.getBytes(UTF_8), null),
            new TaskSpec.Limits(3, Duration.ofMinutes(1)),
            retention,
            new TaskSpec.Origin("owner", Map.of(), null, null));
    return new Task(
        spec, TaskState.PROCESSING, 0, 0, null, Instant.EPOCH, null, null, null, null, null);
  }

  private static String written(Outcome outcome) {
    return new String(((Outcome.Done) outcome).output().bytes(), UTF_8);
  }

  @Test
  void anInputIsReadIntoARecordByTheNamesOfItsMembers() {
    assertThat(task("{\"first_name\":\"Ada\",\"count\":2,\"other\":[]}").input(Input.class))
        .isEqualTo(new Input("Ada", 2, null));
  }

  @Test
  void anInputIsReadIntoPlainValues() {
    assertThat(task("\"text\"").input(String.class)).isEqualTo("text");
    Object list = task("[1,\"a\"]").input(List.class);
    assertThat(list).isEqualTo(List.of(1, "a"));
    Object map = task("{\"a\":{\"b\":true}}").input(Map.class);
    assertThat(map).isEqualTo(Map.of("a", Map.of("b", true)));
  }

  @Test
  void anInputThatDoesNotFitIsNotQuoted() {
    for (String input : List.of("{\"count\":\"a secret\"}", "null", "[\"a secret\"]")) {
      assertThatThrownBy(() -> task(input).input(Input.class))
          .isInstanceOf(IllegalArgumentException.class)
          .hasNoCause()
          .hasMessageContaining("does not fit")
          .hasMessageNotContaining("secret");
    }
  }

  @Test
  void aResultIsWrittenFromRecordsAndPlainValues() {
    assertThat(written(Outcome.done(new Input("Ada", 2, null))))
        .isEqualTo("{\"first_name\":\"Ada\",\"count\":2,\"absent\":null}");
    assertThat(written(Outcome.done(List.of("ü", 1, true)))).isEqualTo("[\"ü\",1,true]");
    assertThat(written(Outcome.done(null))).isEqualTo("null");
    assertThat(TaskOutput.json("{}").bytes()).isEqualTo(new byte[] {'{', '}'});
  }

  @Test
  void aValueThatCannotBeWrittenIsTold() {
    assertThatThrownBy(() -> Outcome.done(new Object()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a java.lang.Object cannot be written as JSON");
  }
}
