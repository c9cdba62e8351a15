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

  private final SoloGate floor = new SoloGate();

  @Test
  void manyRunSideBySide() throws Exception {
    assertThat(floor.enter(256, NONE)).isTrue();
    assertThat(floor.enter(64, NONE)).isTrue();
  }

  @Test
  void oneAloneKeepsEverybodyElseOut() throws Exception {
    assertThat(floor.enterAlone(NONE)).isTrue();
    assertThat(floor.enter(1, NONE)).isFalse();
    assertThat(floor.enterAlone(NONE)).isFalse();
    floor.leaveAlone();
    assertThat(floor.enter(1, NONE)).isTrue();
  }

  @Test
  void oneAloneWaitsForAllToLeave() throws Exception {
    assertThat(floor.enter(2, NONE)).isTrue();
    floor.leave(1);
    assertThat(floor.enterAlone(NONE)).isFalse();
    floor.leave(1);
    assertThat(floor.enterAlone(NONE)).isTrue();
  }

  @Test
  void whoComesLaterDoesNotOvertakeWhoWaitsToBeAlone() throws Exception {
    assertThat(floor.enter(1, NONE)).isTrue();
    var alone = new Waiting(() -> floor.enterAlone(LONG));
    var later = new Waiting(() -> floor.enter(1, LONG));
    floor.leave(1);
    assertThat(alone.answer()).isTrue();
    assertThat(later.entered()).isFalse();
    floor.leaveAlone();
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
