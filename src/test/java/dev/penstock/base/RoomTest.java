package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Memory that is counted. */
final class RoomTest {
  private static final int MIB = 1 << 20;
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Room room = new Room(16 * MIB);

  @Test
  void whoWantsLittleFindsRoomBehindWhoWantsMuch() {
    assertThat(room.take(12 * MIB)).isTrue();
    assertThat(room.take(MIB)).isFalse();
    for (int i = 0; i < 16; i++) {
      assertThat(room.take(MIB / 4)).isTrue();
    }
    assertThat(room.take(1)).isFalse();
    room.give(16 * MIB);
    assertThat(room.taken()).isZero();
  }

  @Test
  void whoIsAloneMayHaveAllOfItAndNoMore() {
    assertThat(room.take(16 * MIB + 1)).isFalse();
    assertThat(room.take(16 * MIB)).isTrue();
    assertThat(room.take(MIB)).isFalse();
  }

  @Test
  void whoWaitsHasWhatIsGivenBack() throws Exception {
    assertThat(room.take(10 * MIB)).isTrue();
    assertThat(room.take(10 * MIB, Duration.ofMillis(1))).isFalse();
    var waits = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            waits.complete(room.take(10 * MIB, LONG));
          } catch (InterruptedException e) {
            waits.completeExceptionally(e);
          }
        });
    room.give(10 * MIB);
    assertThat(waits.get(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }
}
