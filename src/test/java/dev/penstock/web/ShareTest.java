package dev.penstock.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.Settings;
import dev.penstock.start.SettingGroups;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ShareTest {

  private static Share held(String... settings) {
    var given = new java.util.HashMap<String, String>();
    for (int i = 0; i < settings.length; i += 2) {
      given.put(settings[i], settings[i + 1]);
    }
    Settings loaded = SettingGroups.load(given, Map.of(), null).settings();
    return new Shares(loaded, 1 << 20).heldRequests();
  }

  private static List<Share.Held> take(Share share, String key, int count) {
    List<Share.Held> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(share.take(key, 1));
    }
    return taken;
  }

  private static int status(Share share, String key) {
    try {
      return share.take(key, 1) == null ? 0 : 200;
    } catch (Refusal refusal) {
      return refusal.error().status();
    }
  }

  @Test
  void whoIsAloneMayHaveNearlyAll() {
    Share share = held();
    take(share, "a", 922);
    assertThatThrownBy(() -> share.take("a", 1))
        .isInstanceOfSatisfying(
            Refusal.class,
            refusal -> {
              assertThat(refusal.error().status()).isEqualTo(429);
              assertThat(refusal.error().code()).isEqualTo("share_used");
              assertThat(refusal.error().message()).contains("held", "922");
            });
    assertThat(share.refused()).isEqualTo(1);
    assertThat(share.used()).isEqualTo(922);
  }

  @Test
  void whatIsLeftIsForManyWhoHaveLittle() {
    Share share = held();
    take(share, "a", 922);
    for (int i = 0; i < 8; i++) {
      take(share, "b" + i, 12);
      assertThat(status(share, "b" + i)).as("more than little").isEqualTo(429);
    }
    assertThat(status(share, "c")).isEqualTo(200);
    take(share, "d", 5);
    assertThat(status(share, "e")).as("there is no more for anybody").isEqualTo(503);
  }

  @Test
  void twoWhoWantAllLeaveSomeToAThird() {
    Share share = held();
    take(share, "a", 600);
    take(share, "b", 322);
    assertThat(status(share, "a")).isEqualTo(429);
    assertThat(status(share, "b")).isEqualTo(429);
    assertThat(status(share, "c")).isEqualTo(200);
  }

  @Test
  void ofAFewNothingIsKept() {
    Share share = held("http.max-held-requests", "2");
    take(share, "a", 2);
    assertThat(status(share, "a")).isEqualTo(503);
    Share none = held("shares.per-key", "100");
    take(none, "a", 1024);
    assertThat(status(none, "a")).isEqualTo(503);
  }

  @Test
  void anOperatorSaysHowMuchAKeyMayHave() {
    Share share = held("shares.held-requests", "3");
    take(share, "a", 3);
    assertThat(status(share, "a")).isEqualTo(429);
    take(share, "b", 3);
  }

  @Test
  void whatIsGivenBackTwiceIsGivenBackOnce() {
    Share share = held();
    List<Share.Held> taken = take(share, "a", 2);
    taken.getFirst().close();
    taken.getFirst().close();
    assertThat(taken.getFirst().add(5)).isNull();
    assertThat(share.of("a")).isEqualTo(1);
    assertThat(share.used()).isEqualTo(1);
    taken.getLast().close();
    assertThat(share.used()).isZero();
  }

  @Test
  void whoWaitsGetsWhatIsGivenBack() throws Exception {
    Share share = held("shares.held-requests", "1");
    Share.Held first = share.take("a", 1);
    assertThat(share.take("a", 1, Duration.ZERO)).isNull();
    var second = new FutureTask<>(() -> share.take("a", 1, Duration.ofSeconds(50)));
    Thread.ofVirtual().start(second);
    first.close();
    assertThat(second.get()).isNotNull();
  }
}
