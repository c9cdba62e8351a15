package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskOutput;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class EmissionTest {
  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "test-node");
  private final List<String> said = new ArrayList<>();
  private final Task task = TestTasks.task(new Lane("a", null), "{}", 0);
  private final Emission emission =
      new Emission(bus, new LeasedTask(task, new Lease(task.id(), "token", Instant.MAX), 3, null));

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private void listen() {
    bus.serve(
        PutPieces.class,
        put -> {
          List<String> pieces =
              put.pieces().stream().map(each -> new String(each, StandardCharsets.UTF_8)).toList();
          said.add(
              put.emitter().run() + (put.resumed() ? " goes on " : " ") + put.offset() + pieces);
          return true;
        });
    bus.serve(
        EndPieces.class,
        end -> {
          said.add("end " + end.count() + (end.done() ? " done" : ""));
          return true;
        });
    bus.serve(
        HeardPieces.class, heard -> List.of(("" + heard.from()).getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void piecesAreNumberedFromZero() {
    listen();
    emission.emit(Map.of("i", 0));
    emission.emit("a \"b\"");
    emission.emit(null);
    emission.emit(TaskOutput.json("[ 1.0 ]"));
    emission.ended(Outcome.done("all"));
    assertThat(said)
        .containsExactly(
            "3 0[{\"i\":0}]", "3 1[\"a \\\"b\\\"\"]", "3 2[null]", "3 3[[ 1.0 ]]", "end 4 done");
  }

  @Test
  void aRunThatGoesOnSaysSoAtOnce() throws Exception {
    listen();
    assertThat(emission.heard(7))
        .extracting(each -> new String(each.bytes(), StandardCharsets.UTF_8))
        .containsExactly("7");
    emission.from(8);
    emission.emit(1);
    emission.ended(null);
    assertThat(said).containsExactly("3 goes on 7[7]", "3 goes on 8[]", "3 goes on 8[1]", "end 9");
    assertThatThrownBy(() -> emission.from(2)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aRunThatEmitsNothingIsHeardOfOnlyWhenItBringsTheResult() {
    listen();
    emission.ended(Outcome.retry("why"));
    emission.ended(null);
    assertThat(said).isEmpty();
    emission.ended(Outcome.done(1));
    assertThat(said).containsExactly("end -1 done");
  }

  @Test
  void whatIsNoPieceIsRefused() {
    listen();
    for (Object piece :
        List.of(
            "x".repeat(64 * 1024),
            TaskOutput.json(""),
            new TaskOutput(TaskOutput.Format.EMBEDDINGS, new byte[4]),
            new Object())) {
      assertThatThrownBy(() -> emission.emit(piece)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> emission.from(-1)).isInstanceOf(IllegalArgumentException.class);
    emission.emit("x".repeat(64 * 1024 - 2));
    assertThat(said).hasSize(1);
  }

  @Test
  void whereNobodyTakesPiecesTheRunGoesOn() throws Exception {
    emission.emit(1);
    assertThat(emission.heard(0)).isEmpty();
    emission.ended(Outcome.done(1));
    assertThat(said).isEmpty();
  }
}
