package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskOutput;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is passed on of a run that goes on where another one ended. */
final class ResumedEmissionTest {
  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "node");
  private final List<String> passed = new ArrayList<>();
  private final Emission emission;

  ResumedEmissionTest() {
    var task = TestTasks.task(Lane.of("plain"), "{}", 0);
    emission = new Emission(bus, new LeasedTask(task, new Lease(task.id(), "token", Instant.MAX)));
    bus.serve(PutPieces.class, this::put);
    bus.serve(
        EndPieces.class,
        end -> {
          passed.add("end " + end.count() + (end.done() ? "" : " without a result"));
          return true;
        });
    bus.serve(HeardPieces.class, _ -> List.of(bytes("2"), bytes("3")));
  }

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private boolean put(PutPieces put) {
    String from = (put.resumed() ? "resumed " : "") + put.offset();
    passed.add(from + ":" + String.join(",", put.pieces().stream().map(String::new).toList()));
    return true;
  }

  @Test
  void whatARunTakesOverIsPassedOnAsItsOwn() throws Exception {
    assertThat(emission.heard(2)).hasSize(2);
    emission.from(4);
    emission.emit(4);
    assertThat(passed).containsExactly("resumed 2:2,3", "resumed 4:", "resumed 4:4");
  }

  @Test
  void ofWhatARunHeardOnlyWhatItTakesOverIsPassedOn() throws Exception {
    assertThat(emission.heard(2)).hasSize(2);
    emission.from(3);
    assertThat(passed).containsExactly("resumed 2:2", "resumed 3:");
  }

  @Test
  void aRunThatHeardAndBeginsAnewAllTheSameDoesSo() throws Exception {
    assertThat(emission.heard(2)).hasSize(2);
    emission.emit(0);
    assertThat(passed).containsExactly("0:0");
  }

  @Test
  void aResultThatWasNotTakenIsTakenBack() {
    emission.ended(new Outcome.Done(TaskOutput.json("{}")));
    emission.ended(null);
    emission.ended(null);
    assertThat(passed).containsExactly("end -1", "end -1 without a result");
  }

  @Test
  void whatAThreadStillEmitsAfterTheRunHasEndedIsLeftOut() {
    emission.emit(0);
    emission.ended(new Outcome.Done(TaskOutput.json("{}")));
    emission.emit(1);
    assertThat(passed).containsExactly("0:0", "end 1");
  }
}
