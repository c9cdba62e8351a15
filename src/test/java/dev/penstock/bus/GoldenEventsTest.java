package dev.penstock.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Event.PiecesEnd;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import dev.penstock.testing.Golden;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Events between nodes are, byte for byte, those of version 0.1.0. */
final class GoldenEventsTest {
  private static final String FILE = "events-0.1.0.txt";

  /** Of those that came later. */
  private static final String PIECES = "events-pieces.txt";

  private static final TaskId ID = new TaskId("0cvn0b9v8v0123456789abcdefghijklmnop");
  private static final Instant STARTED = Instant.parse("2026-01-02T03:04:05.678Z");

  private final EventCodec codec = new EventCodec();

  private static List<Event> events() {
    return List.of(
        new Event.TaskEnded(ID),
        new Event.RunCancelled(ID),
        new Event.WorkerSeen(
            new WorkerFigures(
                "node-1",
                List.of("http", "inference"),
                List.of(new Lane("embedding", "some/model.v2"), new Lane("ping", null)),
                STARTED,
                STARTED.plusMillis(1_234),
                true,
                new WorkerReport(
                    "host-1",
                    "cuda:0",
                    3,
                    1L << 40,
                    5,
                    new Batches(6, 70),
                    1L << 33,
                    "0.1.0 \"ü\""))),
        new Event.WorkerSeen(
            new WorkerFigures(
                "far",
                List.of(),
                List.of(),
                STARTED,
                STARTED,
                false,
                new WorkerReport("", "cpu", 0, 0, 0, new Batches(0, 0), -1, "0.1.0"))),
        new Event.WorkerLeft("node-1", null),
        new Event.WorkerLeft("far", STARTED),
        new Event.DrainWorker("node-1", null),
        new Event.DrainWorker("far", STARTED));
  }

  private static List<Event> eventsOfPieces() {
    return List.of(
        new Event.PiecesWanted("node-1", ID, 0, 0, 262_144, false),
        new Event.PiecesWanted("node-1", ID, 2, 17, 262_144, true),
        new Event.PiecesTold(
            "node-2", ID, 2, 1, 5, 17, List.of("{\"i\":17}", "\"ü\""), new PiecesEnd(19, true)),
        new Event.PiecesTold("node-2", ID, 2, 0, 5, 17, List.of("1.50"), null),
        new Event.PiecesSought("node-3", ID, 3, 17),
        new Event.PiecesFound(ID, 2, 17, List.of("17", "[ 18 ]")));
  }

  /** The length in hexadecimal, and the rest, which is text. */
  private String encoded(Event event) {
    Buffer wire = Buffer.buffer();
    codec.encodeToWire(wire, event);
    return HexFormat.of().formatHex(wire.getBytes(0, Integer.BYTES))
        + " "
        + wire.getString(Integer.BYTES, wire.length());
  }

  private static Buffer wire(String line) {
    return Buffer.buffer(HexFormat.of().parseHex(line.substring(0, 8)))
        .appendBytes(line.substring(9).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void eventsAreSentAsTheyWere() throws Exception {
    Golden.check(FILE, events().stream().map(this::encoded).collect(Collectors.joining("\n")));
  }

  @Test
  void eventsOfThatVersionAreRead() throws Exception {
    List<Object> read =
        Golden.text(FILE).lines().map(line -> codec.decodeFromWire(0, wire(line))).toList();
    assertThat(read).isEqualTo(events());
  }

  @Test
  void eventsOfPiecesAreSentAndReadAsTheyWereWhenTheyCame() throws Exception {
    Golden.check(
        PIECES, eventsOfPieces().stream().map(this::encoded).collect(Collectors.joining("\n")));
    List<Object> read =
        Golden.text(PIECES).lines().map(line -> codec.decodeFromWire(0, wire(line))).toList();
    assertThat(read).isEqualTo(eventsOfPieces());
  }

  @Test
  void theCodecGoesByItsName() {
    assertThat(codec.name()).isEqualTo("penstock.event");
    assertThat(codec.systemCodecID()).isEqualTo((byte) -1);
  }
}
