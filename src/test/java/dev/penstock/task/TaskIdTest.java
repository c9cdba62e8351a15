package dev.penstock.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TaskIdTest {
  private static final int RANDOM_BITS = 128;

  @Test
  void anIdIs36DigitsAndReadsBackAsItself() {
    TaskId id = TaskId.random();
    assertThat(id.value()).matches("[0-9a-v]{36}");
    assertThat(TaskId.parse(id.value())).contains(id);
    assertThat(id).hasToString(id.value());
  }

  @Test
  void idsDiffer() {
    Set<TaskId> ids = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      ids.add(TaskId.random());
    }
    assertThat(ids).hasSize(10_000);
  }

  @Test
  void theFirstBitsAreTheTimeSoThatIdsSortByIt() {
    long before = System.currentTimeMillis();
    TaskId id = TaskId.random();
    long after = System.currentTimeMillis();
    long time = new BigInteger(id.value(), 32).shiftRight(RANDOM_BITS).longValueExact();
    assertThat(time).isBetween(before, after);
  }

  @Test
  void aListOfTasksThatIsSubmittedAtOnceHasItsIdsInItsOrder() {
    long before = System.currentTimeMillis();
    while (System.currentTimeMillis() == before) {
      Thread.onSpinWait(); // other tests may have filled this millisecond
    }
    List<TaskId> ids = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      ids.add(TaskId.random());
    }
    assertThat(ids).isSortedAccordingTo(Comparator.comparing(TaskId::value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "01ks7d9m3o4vqk2f8a0r5c1hn7e9u6tjb3l", // a digit short
        "01ks7d9m3o4vqk2f8a0r5c1hn7e9u6tjb3lgg", // a digit long
        "01KS7D9M3O4VQK2F8A0R5C1HN7E9U6TJB3LG",
        "01ks7d9m3o4vqk2f8a0r5c1hn7e9u6tjb3lz",
        "01ks7d9m3o4vqk2f8a0r5c1hn7e9u6tjb3l\n",
        "٠1ks7d9m3o4vqk2f8a0r5c1hn7e9u6tjb3lg"
      })
  void whatCannotBeAnIdIsNone(String text) {
    assertThat(TaskId.parse(text)).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> new TaskId(text));
  }
}
