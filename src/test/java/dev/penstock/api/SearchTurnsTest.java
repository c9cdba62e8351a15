package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.Settings;
import dev.penstock.core.TaskFilter;
import dev.penstock.start.SettingGroups;
import dev.penstock.web.Refusal;
import dev.penstock.web.Shares;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SearchTurnsTest {
  private static TaskFilter search(String owner) {
    return new TaskFilter(owner, Set.of(), null, null, "x");
  }

  @Test
  void whoSearchesManyTimesAtOnceHoldsUpHisOwnSearchesAndNothingElse() throws Exception {
    Settings settings = SettingGroups.load(Map.of(), Map.of(), null).settings();
    var turns = new SearchTurns(new Shares(settings, 1).searches(), Duration.ofMillis(50));
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var first =
        new FutureTask<>(() ->
            turns.ask(
                search("a"),
                () -> {
                  begun.countDown();
                  goOn.await();
                  return 1;
                }));
    Thread.ofVirtual().start(first);
    begun.await();

    assertThatThrownBy(() -> turns.ask(search("a"), () -> 2))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("Another search");
    assertThat(turns.ask(search("b"), () -> 3)).isEqualTo(3);
    assertThat(turns.ask(TaskFilter.of("a"), () -> 4)).as("a list without a text").isEqualTo(4);
    goOn.countDown();
    assertThat(first.get()).isEqualTo(1);
    assertThat(turns.ask(search("a"), () -> 5)).isEqualTo(5);
  }
}
