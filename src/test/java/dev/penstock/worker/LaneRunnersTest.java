package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.config.SettingsLoader;
import dev.penstock.core.Apart;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.Part;
import dev.penstock.core.ReadInput;
import dev.penstock.metrics.Meters;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LaneRunnersTest {
  private static final Lane LANE = new Lane("scripted", null);
  private static final Outcome DONE = new Outcome.Done(TaskOutput.json("1"));

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "test-node");
  private final ScriptedQueue queue = new ScriptedQueue(bus);
  private final LaneRunners lanes =
      new LaneRunners(
          bus,
          new OneLane(),
          new WorkerBoard(),
          "worker",
          SettingsLoader.load(List.of(), Map.of(), Map.of(), null).settings(),
          new Meters(new SimpleMeterRegistry()),
          true);

  private static final class Handler extends ScriptedHandler {
    Handler() {
      super(LANE.type());
    }

    @Override
    public boolean free(TaskSpec spec, ReadInput input) {
      return true;
    }

    @Override
    public Outcome run(TaskSpec spec, ReadInput input, Control control, Runnable begun) {
      return DONE;
    }

    @Override
    public Outcome run(Task task, Control control) {
      return DONE;
    }
  }

  private static final class OneLane implements LaneSource, Apart {
    @Override
    public List<Lane> lanes() {
      return List.of(LANE);
    }

    @Override
    public TaskHandler handler(Lane lane) {
      return new Handler();
    }

    @Override
    public Apart apart() {
      return this;
    }

    @Override
    public void rescan() {}

    @Override
    public List<Part> health() {
      return List.of();
    }

    @Override
    public String device() {
      return "";
    }

    @Override
    public int reserve() {
      return 0;
    }

    @Override
    public void release(int places) {}

    @Override
    public Outcome run(LeasedTask suspect, TaskHandler.Control control) {
      return DONE;
    }
  }

  @AfterEach
  void stop() throws Exception {
    lanes.stopLeasing();
    queue.end();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private Ran runNow() throws InterruptedException {
    return runNow(false);
  }

  private Ran runNow(boolean mayWait) throws InterruptedException {
    return lanes.runNow(
        new RunNow(
            TestTasks.task(LANE, "{}", 0).spec(),
            new ReadInput() {},
            Duration.ofMinutes(1),
            mayWait));
  }

  @Test
  void afterADeathABodyThatIsSentAgainBecomesATask() throws Exception {
    lanes.start();
    lanes.paused(Set.of());
    assertThat(runNow()).isInstanceOf(Ran.Ended.class);
    lanes.directRest(Duration.ofMinutes(10));
    assertThat(runNow()).isInstanceOf(Ran.NotNow.class);
    assertThat(runNow(true)).as("a full store takes no task").isInstanceOf(Ran.Ended.class);
    lanes.directRest(Duration.ZERO);
    assertThat(runNow()).isInstanceOf(Ran.Ended.class);
  }
}
