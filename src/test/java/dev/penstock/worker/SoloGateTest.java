package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Await;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class SoloGateTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration NONE = Duration.ZERO;

  private final SoloGate gate = new SoloGate();

  @Test
  void manyRunSideBySide() throws Exception {
    assertThat(gate.enter(256, NONE)).isTrue();
    assertThat(gate.enter(64, NONE)).isTrue();
  }

  @Test
  void oneAloneKeepsEverybodyElseOut() throws Exception {
    assertThat(gate.enterAlone(NONE)).isTrue();
    assertThat(gate.enter(1, NONE)).isFalse();
    assertThat(gate.enterAlone(NONE)).isFalse();
    gate.leaveAlone();
    assertThat(gate.enter(1, NONE)).isTrue();
  }

  @Test
  void oneAloneWaitsForAllToLeave() throws Exception {
    assertThat(gate.enter(2, NONE)).isTrue();
    gate.leave(1);
    assertThat(gate.enterAlone(NONE)).isFalse();
    gate.leave(1);
    assertThat(gate.enterAlone(NONE)).isTrue();
  }

  @Test
  void whoComesLaterDoesNotOvertakeWhoWaitsToBeAlone() throws Exception {
    assertThat(gate.enter(1, NONE)).isTrue();
    var alone = new Waiting(() -> gate.enterAlone(LONG));
    var later = new Waiting(() -> gate.enter(1, LONG));
    gate.leave(1);
    assertThat(alone.answer()).isTrue();
    assertThat(later.entered()).isFalse();
    gate.leaveAlone();
    assertThat(later.answer()).isTrue();
  }

  /** Somebody who stands in the queue. */
  private static final class Waiting {
    private final FutureTask<Boolean> entry;

    Waiting(Callable<Boolean> enter) throws Exception {
      entry = new FutureTask<>(enter);
      Thread thread = Thread.ofPlatform().daemon().start(entry);
      Await.until("it waits", LONG, () -> thread.getState() == Thread.State.TIMED_WAITING);
    }

    boolean entered() {
      return entry.isDone();
    }

    boolean answer() throws Exception {
      return entry.get(20, TimeUnit.SECONDS);
    }
  }
}
