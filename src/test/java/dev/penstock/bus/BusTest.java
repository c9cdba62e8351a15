package dev.penstock.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Event.TaskSettled;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.core.Part;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(30)
@ExtendWith(VertxExtension.class)
final class BusTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private Bus bus;

  @BeforeEach
  void open(Vertx vertx) {
    bus = Bus.over(vertx, "test-node");
  }

  @Test
  void requestsAndAnswersTravelByReference() throws Exception {
    var figures = new Figures(Map.of(), List.of());
    var asked = new AtomicReference<ReadFigures>();
    bus.serve(
        ReadFigures.class,
        request -> {
          asked.set(request);
          return figures;
        });
    var request = new ReadFigures();
    assertThat(bus.ask(request, LIMIT)).isSameAs(figures);
    assertThat(asked.get()).isSameAs(request);
  }

  @Test
  void eachTypeOfRequestGoesToItsOwnServerWhichMayAskInTurn() throws Exception {
    bus.serve(FindTask.class, _ -> Optional.empty());
    bus.serve(
        ReadDispatchHealth.class,
        _ -> {
          try {
            boolean found = bus.ask(new FindTask(TaskId.random()), LIMIT).isPresent();
            return List.of(new Part("queue", !found, Thread.currentThread().getName()));
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    assertThat(bus.ask(new ReadDispatchHealth(), LIMIT))
        .containsExactly(new Part("queue", true, "ReadDispatchHealth"));
  }

  @Test
  void aServerThatThrowsFailsItsAskerAtOnce() {
    bus.serve(
        ReadFigures.class,
        _ -> {
          throw new IllegalArgumentException("broken");
        });
    bus.serve(
        FindTask.class,
        _ -> {
          throw new StackOverflowError("deep");
        });
    long begun = System.nanoTime();
    assertThatIllegalStateException()
        .isThrownBy(() -> bus.ask(new ReadFigures(), Duration.ofMinutes(1)))
        .withMessageContaining("broken");
    assertThatIllegalStateException()
        .isThrownBy(() -> bus.ask(new FindTask(TaskId.random()), Duration.ofMinutes(1)))
        .withMessageContaining("deep");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(LIMIT);
  }

  @Test
  void unavailableTravelsAsItIs() {
    var why = Unavailable.unknown("disk full", new IllegalStateException());
    bus.serve(
        ReadFigures.class,
        _ -> {
          throw why;
        });
    assertThatExceptionOfType(Unavailable.class)
        .isThrownBy(() -> bus.ask(new ReadFigures(), LIMIT))
        .isSameAs(why);
  }

  @Test
  void whatNobodyServesIsSurelyNotDone() {
    assertThatExceptionOfType(Unavailable.class)
        .isThrownBy(() -> bus.ask(new ReadFigures(), LIMIT))
        .withMessageContaining("ReadFigures")
        .satisfies(e -> assertThat(e.surelyNotDone()).isTrue());
  }

  private static Figures figuresAfter(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new Figures(Map.of(), List.of());
  }

  @Test
  void whoServesNothingAnyMoreIsNotAsked() throws Exception {
    bus.serve(ReadFigures.class, _ -> new Figures(Map.of(), List.of()));
    assertThat(bus.ask(new ReadFigures(), LIMIT).lanes()).isEmpty();
    bus.serveNothing();
    assertThatExceptionOfType(Unavailable.class)
        .isThrownBy(() -> bus.ask(new ReadFigures(), LIMIT))
        .satisfies(e -> assertThat(e.surelyNotDone()).isTrue());
  }

  @Test
  void moreThanMayBeUnderWayAreRefusedAndThePlacesComeBack() throws Exception {
    var end = new CountDownLatch(1);
    bus.serve(ReadFigures.class, _ -> figuresAfter(end));
    for (int i = 0; i < 8_192; i++) {
      assertThatExceptionOfType(Unavailable.class)
          .isThrownBy(() -> bus.ask(new ReadFigures(), Duration.ZERO))
          .withMessageContaining("no answer");
    }
    assertThatExceptionOfType(Unavailable.class)
        .isThrownBy(() -> bus.ask(new ReadFigures(), LIMIT))
        .withMessageContaining("under way");
    end.countDown();
    Await.until(
        "there is room again",
        LIMIT,
        () -> {
          try {
            return bus.ask(new ReadFigures(), LIMIT).lanes().isEmpty();
          } catch (Unavailable e) {
            return false;
          }
        });
  }

  @Test
  void whatIsNotAnsweredInTimeMayHaveBeenDone() {
    var end = new CountDownLatch(1);
    bus.serve(ReadFigures.class, _ -> figuresAfter(end));
    assertThatExceptionOfType(Unavailable.class)
        .isThrownBy(() -> bus.ask(new ReadFigures(), Duration.ofMillis(100)))
        .withMessageContaining("ReadFigures")
        .satisfies(e -> assertThat(e.surelyNotDone()).isFalse());
    end.countDown();
  }

  @Test
  void anEventReachesItsNodeAndNoOther() throws Exception {
    BlockingQueue<TaskSettled> here = new LinkedBlockingQueue<>();
    BlockingQueue<TaskSettled> elsewhere = new LinkedBlockingQueue<>();
    bus.listen("here", TaskSettled.class, here::add);
    bus.listen("elsewhere", TaskSettled.class, elsewhere::add);
    var event = new TaskSettled(task());
    bus.tell("nowhere", event);
    bus.tell("here", event);
    assertThat(here.poll(10, TimeUnit.SECONDS)).isSameAs(event);
    bus.tell("elsewhere", new TaskSettled(task()));
    assertThat(elsewhere.poll(10, TimeUnit.SECONDS)).isNotSameAs(event);
    assertThat(elsewhere).isEmpty();
  }

  @Test
  void aListenerThatThrowsHearsTheNextEvent() throws Exception {
    BlockingQueue<TaskSettled> heard = new LinkedBlockingQueue<>();
    bus.listen(
        "here",
        TaskSettled.class,
        event -> {
          heard.add(event);
          throw new IllegalStateException("deaf");
        });
    bus.tell("here", new TaskSettled(task()));
    bus.tell("here", new TaskSettled(task()));
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isNotNull();
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isNotNull();
  }

  private static Task task() {
    var spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(new Lane("ping", null), Priority.TASK, new byte[0], null),
            new TaskSpec.Limits(1, Duration.ofMinutes(1)),
            new TaskSpec.Retention(Duration.ofHours(1), Duration.ofHours(1)),
            new TaskSpec.Origin("owner", Map.of(), null, "here"));
    return new Task(
        spec, TaskState.COMPLETED, 1, 0, null, Instant.EPOCH, null, null, null, null, null);
  }
}
