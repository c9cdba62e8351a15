package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeathsTest {
  @TempDir Path folder;

  private final AtomicLong now = new AtomicLong();
  private final List<Duration> rests = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  private Deaths node(String name) {
    return new Deaths(rig.store, rig.dispatcher, name, 3, now::get, rests::add);
  }

  private List<LeasedTask> leasedBy(String node) throws Exception {
    return rig.dispatcher
        .lease(
            new LeaseTasks(
                node, LANE, 10, 1 << 20, Priority.LOWEST, Suspects.SHOW, Duration.ofMillis(1)))
        .tasks();
  }

  @Test
  void whatADeadNodeHeldRunsAgainAtTheStartOfTheNextThoughItsLeasesLast() throws Exception {
    node("first").takeOver();
    TaskSpec one = task();
    TaskSpec other = task();
    rig.submit(one, other);
    assertThat(leasedBy("first")).hasSize(2);

    node("second").takeOver();
    assertThat(rig.store.find(one.id()).orElseThrow().state()).isEqualTo(TaskState.PENDING);
    assertThat(leasedBy("second"))
        .as("side by side")
        .hasSize(2)
        .noneMatch(LeasedTask::suspect)
        .allMatch(leased -> leased.task().lost() == 1);
  }

  @Test
  void afterADeathAllWorkBecomesTasksForTenMinutes() {
    node("first").takeOver();
    assertThat(rests).isEmpty();
    Deaths second = node("second");
    second.takeOver();
    assertThat(rests).containsExactly(Deaths.REST);
    now.addAndGet(Duration.ofMinutes(9).toNanos());
    second.run();
    assertThat(rests).last().isEqualTo(Duration.ofMinutes(1));
    now.addAndGet(Duration.ofMinutes(2).toNanos());
    second.run();
    assertThat(rests).hasSize(2);
  }

  @Test
  void aNodeThatEndedInGoodOrderLeavesNoRestBehind() {
    node("first").takeOver();
    rig.store.leave("first");
    node("second").takeOver();
    assertThat(rests).isEmpty();
  }
}
