package dev.penstock.pieces;

import static dev.penstock.pieces.Network.end;
import static dev.penstock.pieces.Network.put;
import static dev.penstock.pieces.Network.read;
import static dev.penstock.pieces.Network.resume;
import static dev.penstock.pieces.Network.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Event.PiecesTold;
import dev.penstock.bus.Event.PiecesWanted;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.pieces.Network.Sent;
import dev.penstock.pieces.PieceReader.Rest;
import dev.penstock.task.TaskId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What nodes tell each other. Node a runs, b and c have readers. */
@Timeout(30)
final class PieceHubsTest {
  private static final Duration ANNOUNCED = Duration.ofSeconds(2);
  private final Network network = new Network();
  private final PieceHub a = network.node("a");
  private final PieceHub b = network.node("b");
  private final PieceHub c = network.node("c");
  private final TaskId id = TaskId.random();
  private final Emitter first = run(id, 1);
  private final Emitter second = run(id, 2);

  /** A bell that nobody hears. */
  private static void deaf() {}

  private PieceReader reader(PieceHub hub) {
    return hub.read(id, Position.START, PieceHubsTest::deaf);
  }

  private List<Sent> told() {
    return network.sent.stream().filter(each -> each.event() instanceof PiecesTold).toList();
  }

  private void putMany(PieceHub to, Emitter run, int from, int many, int length) {
    for (int i = from; i < from + many; i++) {
      to.put(
          new PutPieces(run, false, i, List.of(text(i, length).getBytes(StandardCharsets.UTF_8))));
    }
  }

  private static String text(int number, int length) {
    return String.format("%0" + length + "d", number);
  }

  @Test
  void whoListensIsSentPiecesAndNobodyElseIs() {
    PieceReader reader = reader(b);
    network.settle();
    put(a, first, 0, "a", "b");
    network.settle();
    assertThat(read(reader)).isEqualTo("0:a 1:b");
    assertThat(told()).extracting(Sent::to).containsOnly("b");
  }

  @Test
  void whatIsEmittedTogetherTravelsTogether() {
    reader(b);
    network.settle();
    network.sent.clear();
    for (int i = 0; i < 8; i++) {
      put(a, first, i, "x");
    }
    network.settle();
    assertThat(told()).hasSize(1);
  }

  @Test
  void aMessageIsNoLongerThanItsPortion() {
    PieceReader reader = reader(b);
    network.settle();
    putMany(a, first, 0, 30, 68);
    network.settle();
    assertThat(told()).hasSizeGreaterThan(5);
    assertThat(told())
        .allSatisfy(each ->
            assertThat(Network.bytes((PiecesTold) each.event()))
                .isLessThanOrEqualTo(Network.LIMITS.portion()));
    assertThat(read(reader)).startsWith("0:").contains(" 29:");
  }

  @Test
  void noMoreIsSentThanThereIsCreditFor() {
    PieceReader reader = reader(b);
    network.settle();
    network.loses(event -> event instanceof PiecesWanted);
    putMany(a, first, 0, 30, 68);
    network.settle();
    assertThat(network.bytesTo("b")).isBetween(900L, Network.LIMITS.credit());
    network.loses(_ -> false);
    network.pass(ANNOUNCED);
    network.settle();
    assertThat(read(reader)).startsWith("0:").contains(" 29:").doesNotContain("gap");
  }

  @Test
  void readersOfOneNodeShareWhatItIsSent() {
    List<PieceReader> readers = List.of(reader(b), reader(b), reader(b));
    network.settle();
    putMany(a, first, 0, 10, 20);
    network.settle();
    readers.forEach(each -> assertThat(read(each)).startsWith("0:").contains(" 9:"));
    assertThat(network.bytesTo("b")).isEqualTo(10 * 52);
    PieceReader late = reader(b);
    network.settle();
    assertThat(read(late)).startsWith("0:").contains(" 9:");
    assertThat(network.bytesTo("b")).as("not sent again").isEqualTo(10 * 52);
  }

  @Test
  void aNodeThatJoinsLateIsSentAllThatIsKeptWhereverItsReaderIs() {
    put(a, first, 0, "a", "b", "c");
    PieceReader back = b.read(id, new Position(1, 2, false), PieceHubsTest::deaf);
    network.settle();
    assertThat(read(back)).isEqualTo("2:c");
    assertThat(read(reader(b))).isEqualTo("0:a 1:b 2:c");
  }

  @Test
  void whatTheSenderHasGivenUpIsAGap() {
    putMany(a, first, 0, 100, 68);
    PieceReader reader = reader(b);
    network.settle();
    assertThat(read(reader)).startsWith("gap 0-60 60:").contains(" 99:");
  }

  @Test
  void aMessageThatIsLostIsSentAgain() {
    PieceReader reader = reader(b);
    network.settle();
    put(a, first, 0, "a");
    network.loses(event -> event instanceof PiecesTold);
    network.settle();
    network.loses(_ -> false);
    put(a, first, 1, "b");
    network.settle();
    for (int i = 0; i < 2; i++) {
      network.pass(ANNOUNCED);
      network.settle();
    }
    assertThat(read(reader)).isEqualTo("0:a 1:b");
  }

  @Test
  void theLastMessageThatIsLostIsSentAgain() {
    PieceReader reader = reader(b);
    network.settle();
    put(a, first, 0, "a");
    network.settle();
    network.loses(event -> event instanceof PiecesTold);
    put(a, first, 1, "b");
    end(a, first, 2);
    network.settle();
    network.loses(_ -> false);
    for (int i = 0; i < 3; i++) {
      network.pass(ANNOUNCED);
      network.settle();
    }
    assertThat(read(reader)).isEqualTo("0:a 1:b");
    assertThat(reader.rest()).isEqualTo(Rest.NONE);
  }

  @Test
  void aNodeThatIsSilentIsSentNothingMore() {
    reader(b).close();
    reader(c);
    network.settle();
    for (int i = 0; i < 6; i++) {
      network.pass(ANNOUNCED);
      network.settle();
    }
    network.sent.clear();
    put(a, first, 0, "a");
    network.settle();
    assertThat(told()).extracting(Sent::to).containsOnly("c");
  }

  @Test
  void theEndIsToldToWhoListensAndToWhoComesLater() {
    PieceReader reader = reader(b);
    network.settle();
    end(a, first, -1);
    network.settle();
    assertThat(reader.rest()).isEqualTo(Rest.NONE);
    PieceReader late = reader(c);
    network.settle();
    assertThat(late.rest()).isEqualTo(Rest.NONE);
  }

  @Test
  void aRunElsewhereThatBeginsAnewRestartsReaders() {
    PieceReader reader = reader(c);
    network.settle();
    put(a, first, 0, "a", "b");
    network.settle();
    assertThat(read(reader)).isEqualTo("0:a 1:b");
    network.kill("a");
    put(b, second, 0, "x");
    network.settle();
    network.pass(ANNOUNCED);
    network.settle();
    assertThat(read(reader)).isEqualTo("restart 2 0:x");
  }

  @Test
  void aRunElsewhereIsHeardAfterOneHereThoughtThatItHadBroughtTheResult() {
    PieceReader reader = reader(a);
    put(a, first, 0, "a", "b");
    end(a, first, 2);
    network.settle();
    assertThat(read(reader)).isEqualTo("0:a 1:b");
    for (int i = 0; i < 6; i++) {
      network.pass(ANNOUNCED);
      network.settle();
    }
    put(b, second, 0, "x");
    network.settle();
    network.pass(ANNOUNCED);
    network.settle();
    assertThat(read(reader)).isEqualTo("restart 2 0:x");
  }

  @Test
  void aResultWithoutPiecesThatALaterRunElsewhereBroughtIsNotAllTold() {
    PieceReader reader = reader(c);
    network.settle();
    put(a, first, 0, "a", "b");
    network.settle();
    network.kill("a");
    end(b, second, -1);
    network.settle();
    network.pass(ANNOUNCED);
    network.settle();
    assertThat(read(reader)).isEqualTo("0:a 1:b");
    assertThat(reader.rest()).isEqualTo(Rest.LOST);
  }

  @Test
  void aRunElsewhereThatGoesOnFromOneThatWasNotHeardRestartsReaders() {
    PieceReader reader = reader(c);
    network.settle();
    put(a, first, 0, "a", "b", "c");
    network.settle();
    assertThat(read(reader)).isEqualTo("0:a 1:b 2:c");
    network.kill("a");
    resume(b, run(id, 3), 1, "y", "z");
    network.settle();
    network.pass(ANNOUNCED);
    network.settle();
    assertThat(read(reader)).isEqualTo("restart 3 gap 0-1 1:y 2:z");
  }

  @Test
  void aRunElsewhereThatGoesOnIsHeardWithoutABreak() {
    PieceReader reader = reader(c);
    network.settle();
    put(a, first, 0, "a", "b", "c");
    network.settle();
    network.kill("a");
    resume(b, second, 1, "b", "c", "d");
    network.settle();
    assertThat(read(reader)).isEqualTo("0:a 1:b 2:c 3:d");
    PieceReader late = reader(c);
    network.settle();
    assertThat(read(late)).isEqualTo("0:a 1:b 2:c 3:d");
  }

  @Test
  void aRunThatBeganWhileItsNodeWasCutOffIsNotHeardOnceAnotherHasBegun() {
    PieceReader reader = reader(c);
    network.settle();
    put(b, second, 0, "x");
    network.settle();
    put(a, first, 0, "a");
    network.settle();
    network.pass(ANNOUNCED);
    network.settle();
    assertThat(read(reader)).isEqualTo("0:x");
  }

  @Test
  void aRunTakesOverWhatListenersHaveBeyondItsCheckpoint() throws Exception {
    PieceReader reader = reader(c);
    network.settle();
    put(a, first, 0, "a", "b", "c", "d");
    network.settle();
    network.kill("a");
    var heard = new FutureTask<>(() -> b.heard(new HeardPieces(second, 2, Duration.ofMillis(500))));
    Thread asks = Thread.ofVirtual().start(heard);
    while (asks.isAlive()) {
      network.deliver(); // not the hubs' own thread's work: b is busy asking
      Thread.onSpinWait();
    }
    assertThat(heard.get())
        .extracting(each -> new String(each, StandardCharsets.UTF_8))
        .containsExactly("c", "d");
    resume(b, second, 2, "c", "d");
    resume(b, second, 4, "e");
    network.settle();
    assertThat(read(reader)).isEqualTo("0:a 1:b 2:c 3:d 4:e");
    PieceReader other = reader(b);
    assertThat(read(other)).as("on the node that runs now").isEqualTo("gap 0-2 2:c 3:d 4:e");
  }

  @Test
  void whatAnOlderRunEmittedThanTheOneBeforeIsNotTakenOver() {
    put(b, first, 0, "a", "b", "c");
    assertThat(b.heard(new HeardPieces(run(id, 3), 1, Duration.ofMillis(1)))).isEmpty();
    assertThat(b.heard(new HeardPieces(second, 1, Duration.ofMillis(1)))).hasSize(2);
  }

  @Test
  void aRunThatNobodyHeardFindsNothing() {
    assertThat(b.heard(new HeardPieces(second, 2, Duration.ofMillis(1)))).isEmpty();
  }

  @Test
  void aListenerAnswersASlowReaderWithAGapAndGoesOnListening() {
    PieceReader slow = reader(b);
    PieceReader quick = reader(b);
    network.settle();
    var all = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      putMany(a, first, i * 10, 10, 68);
      network.settle();
      all.append(read(quick)).append(' ');
    }
    assertThat(all.toString()).doesNotContain("gap").contains(" 199:");
    assertThat(read(slow)).startsWith("gap 0-").contains(" 199:");
  }
}
