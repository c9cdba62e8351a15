package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.core.Checkpoint;
import dev.penstock.task.TaskHandler.Control;
import dev.penstock.task.TaskId;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class CheckpointsTest {
  private static final long SECOND = 1_000_000_000;

  private final Checkpoints checkpoints = new Checkpoints();
  private final long now = System.nanoTime();

  private Checkpoint due(long at) {
    return Objects.requireNonNull(checkpoints.due(at));
  }

  @Test
  void itIsDueOnceASecondUntilItIsAnswered() {
    assertThat(checkpoints.due(now)).isNull();
    checkpoints.keep(new byte[] {1}, List.of());
    assertThat(due(now).state()).containsExactly(1);
    assertThat(checkpoints.due(now + SECOND - 1)).isNull();
    assertThat(due(now + SECOND).state()).containsExactly(1);
    checkpoints.answered();
    assertThat(checkpoints.due(now + 3 * SECOND)).isNull();
    assertThat(checkpoints.newest()).isNotNull();
  }

  @Test
  void aChangeBeforeTheAnswerIsDueAgain() {
    checkpoints.keep(new byte[] {1}, List.of());
    due(now);
    checkpoints.keep(new byte[] {2}, List.of());
    checkpoints.answered();
    assertThat(due(now + SECOND).state()).containsExactly(2);
  }

  @Test
  void whatIsToldAgainHasItsNumberAndWhatIsNewAHigherOne() {
    checkpoints.keep(new byte[] {1}, List.of());
    long first = due(now).number();
    assertThat(first).isPositive();
    assertThat(due(now + SECOND).number()).isEqualTo(first);
    checkpoints.keep(new byte[] {2}, List.of());
    assertThat(due(now + 2 * SECOND).number()).isGreaterThan(first);
  }

  @Test
  void theSameStateIsNoChangeButAReadChildIs() {
    TaskId child = TaskId.random();
    checkpoints.keep(new byte[] {1}, List.of());
    due(now);
    checkpoints.answered();
    checkpoints.keep(new byte[] {1}, List.of());
    assertThat(checkpoints.due(now + SECOND)).isNull();
    checkpoints.keep(new byte[] {1}, List.of(child));
    assertThat(due(now + SECOND).read()).containsExactly(child);
  }

  @Test
  void allThatWasReadIsSaidEachTime() {
    List<TaskId> children = Stream.generate(TaskId::random).limit(3).toList();
    checkpoints.keep(new byte[] {1}, children.subList(0, 2));
    due(now);
    checkpoints.answered();
    checkpoints.keep(new byte[] {2}, children.subList(1, 3));
    assertThat(due(now + SECOND).read()).containsExactlyElementsOf(children);
  }

  @Test
  void whoReadsManyTellsItWithTheSettle() {
    List<TaskId> children =
        Stream.generate(TaskId::random).limit(Checkpoints.MOST_TOLD + 1).toList();
    checkpoints.keep(new byte[] {1}, children);
    assertThat(checkpoints.due(now)).isNull();
    assertThat(Objects.requireNonNull(checkpoints.newest()).read()).hasSameSizeAs(children);
  }

  @Test
  void whatIsTooLongIsRefusedAndChangesNothing() {
    checkpoints.keep(new byte[] {1}, List.of());
    assertThatThrownBy(() -> checkpoints.keep(new byte[Control.MAX_CHECKPOINT + 1], List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("65536");
    assertThat(Objects.requireNonNull(checkpoints.newest()).state()).containsExactly(1);
  }

  @Test
  void theHandlersArrayMayBeUsedAgain() {
    byte[] state = {1};
    checkpoints.keep(state, List.of());
    state[0] = 2;
    assertThat(due(now).state()).containsExactly(1);
  }
}
