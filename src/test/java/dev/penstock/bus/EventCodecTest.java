package dev.penstock.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class EventCodecTest {
  private final EventCodec codec = new EventCodec();

  static List<Event> events() {
    var worker =
        new WorkerFigures(
            "node-1",
            List.of("http", "inference"),
            List.of(new Lane("embedding", "some/model.v2"), new Lane("ping", null)),
            Instant.ofEpochMilli(1_000),
            Instant.ofEpochMilli(2_345),
            true,
            new WorkerReport(
                "host-1", "cuda:0", 3, 1L << 40, 5, new Batches(6, 70), -1, "0.1 \"beta\""));
    return List.of(
        new Event.TaskEnded(TaskId.random()),
        new Event.RunCancelled(TaskId.random()),
        new Event.WorkerSeen(worker),
        new Event.WorkerLeft("node-1", null),
        new Event.WorkerLeft("far-1", Instant.ofEpochMilli(3_456)),
        new Event.DrainWorker("node-1", null),
        new Event.DrainWorker("w", Instant.ofEpochMilli(1_234)),
        new Event.PiecesWanted("node-1", TaskId.random(), 2, 17, 262_144, true),
        new Event.PiecesTold(
            "node-2",
            TaskId.random(),
            3,
            2,
            5,
            17,
            List.of("{\"i\": 1.50}", "\"\u00fc\\n\""),
            new Event.PiecesEnd(19, true)),
        new Event.PiecesTold("node-2", TaskId.random(), 3, 0, 5, 17, List.of(), null),
        new Event.PiecesSought("node-3", TaskId.random(), 4, 17),
        new Event.PiecesFound(TaskId.random(), 3, 17, List.of("1", "[ ]")));
  }

  @ParameterizedTest
  @MethodSource("events")
  void anEventArrivesAsItWasSent(Event event) {
    Buffer wire = Buffer.buffer("before");
    codec.encodeToWire(wire, event);
    assertThat(codec.decodeFromWire("before".length(), wire)).isEqualTo(event);
  }

  @Test
  void resultsDoNotCrossTheWire() {
    @SuppressWarnings("NullAway") // never looked into
    var settled = new Event.TaskSettled((Task) null);
    assertThatThrownBy(() -> codec.encodeToWire(Buffer.buffer(), settled))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aNewerNodesFieldsAreIgnoredAndItsEventsAreUnreadable() {
    assertThat(decode("{\"event\":\"WorkerLeft\",\"worker\":\"a\",\"why\":[1]}"))
        .isEqualTo(new Event.WorkerLeft("a", null));
    assertThat(
            decode(
                "{\"event\":\"PiecesSought\",\"node\":\"a\",\"task\":\"0cvn0b9v8v0123456789abcdefghijklmnop\","
                    + "\"run\":1,\"from\":2,\"why\":3}"))
        .isInstanceOf(Event.PiecesSought.class);
    assertThat(decode("{\"event\":\"PiecesTold\",\"task\":\"none\"}"))
        .isInstanceOf(EventCodec.Unreadable.class);
    assertThat(decode("{\"event\":\"Later\"}")).isInstanceOf(EventCodec.Unreadable.class);
    assertThat(decode("[]")).isInstanceOf(EventCodec.Unreadable.class);
    assertThat(decode("{")).isInstanceOf(EventCodec.Unreadable.class);
    assertThat(decode("{\"event\":\"WorkerSeen\",\"lanes\":[\".\"]}"))
        .isInstanceOf(EventCodec.Unreadable.class);
  }

  @Test
  void aLengthThatIsNotThereOrTooMuchIsUnreadable() {
    for (int length : List.of(-1, Integer.MIN_VALUE, 3, Integer.MAX_VALUE)) {
      assertThat(codec.decodeFromWire(0, Buffer.buffer().appendInt(length).appendString("{}")))
          .as("" + length)
          .isInstanceOf(EventCodec.Unreadable.class);
    }
    assertThat(codec.decodeFromWire(0, Buffer.buffer("abc")))
        .isInstanceOf(EventCodec.Unreadable.class);
    assertThat(decode(" ".repeat(5 << 20) + "{\"event\":\"WorkerLeft\",\"worker\":\"a\"}"))
        .isInstanceOf(EventCodec.Unreadable.class);
  }

  private Object decode(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return codec.decodeFromWire(0, Buffer.buffer().appendInt(bytes.length).appendBytes(bytes));
  }
}
