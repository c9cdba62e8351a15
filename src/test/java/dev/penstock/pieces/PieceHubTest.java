package dev.penstock.pieces;

import static dev.penstock.pieces.Network.bytes;
import static dev.penstock.pieces.Network.end;
import static dev.penstock.pieces.Network.put;
import static dev.penstock.pieces.Network.read;
import static dev.penstock.pieces.Network.resume;
import static dev.penstock.pieces.Network.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.pieces.PieceReader.Rest;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What one node keeps, and what its own readers are told. */
final class PieceHubTest {
  private final Network network = new Network();
  private final PieceHub hub = network.node("a");
  private final TaskId id = TaskId.random();
  private final Emitter first = run(id, 1);
  private final Emitter second = run(id, 2);

  PieceHubTest() {
    network.alone();
  }

  /** A bell that nobody hears. */
  private static void deaf() {}

  private PieceReader reader() {
    return hub.read(id, Position.START, PieceHubTest::deaf);
  }

  private PieceReader reader(long run, long next) {
    return hub.read(id, new Position(run, next, false), PieceHubTest::deaf);
  }

  private void putMany(PieceHub to, Emitter run, int from, int many, int length) {
    for (int i = from; i < from + many; i++) {
      to.put(new PutPieces(run, false, i, List.of(new byte[length])));
    }
  }

  @Test
  void whoJoinsLateIsToldEverythingThatIsKept() {
    put(hub, first, 0, "a", "b");
    PieceReader early = reader();
    assertThat(read(early)).isEqualTo("0:a 1:b");
    put(hub, first, 2, "c");
    assertThat(read(early)).isEqualTo("2:c");
    assertThat(read(reader())).isEqualTo("0:a 1:b 2:c");
    assertThat(early.position().toString()).isEqualTo("1.3");
  }

  @Test
  void whoComesBackGoesOnWhereItWas() {
    put(hub, first, 0, "a", "b", "c");
    assertThat(read(reader(1, 2))).isEqualTo("2:c");
    assertThat(read(reader(1, 3))).isEmpty();
  }

  @Test
  void theOldestPiecesAreGivenUpAndLeaveAGap() {
    PieceReader slow = reader();
    putMany(hub, first, 0, 200, 32);
    String told = read(slow);
    assertThat(told).startsWith("gap 0-136 136:");
    assertThat(slow.position()).isEqualTo(new Position(1, 200, true));
    assertThat(hub.bytes()).isLessThanOrEqualTo(4_096 + TaskPieces.COST);
  }

  @Test
  void whatIsKeptOfAllIsBoundedAndTheOldestTasksPiecesGoFirst() {
    List<PieceReader> readers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      TaskId task = TaskId.random();
      putMany(hub, run(task, 1), 0, 60, 32);
      readers.add(hub.read(task, Position.START, PieceHubTest::deaf));
    }
    assertThat(hub.bytes()).isLessThanOrEqualTo(16_384);
    assertThat(read(readers.getFirst())).isEqualTo("gap 0-60");
    assertThat(read(readers.getLast())).startsWith("0:");
  }

  @Test
  void tasksThatHaveEndedAndLostTheirPiecesTakeNoMemory() {
    for (int i = 0; i < 1_000; i++) {
      Emitter run = run(TaskId.random(), 1);
      putMany(hub, run, 0, 1, 32);
      end(hub, run, 1);
    }
    assertThat(hub.bytes()).isLessThanOrEqualTo(16_384);
    network.pass(Duration.ofSeconds(2));
    hub.tick();
    assertThat(hub.tasks()).isLessThan(40);
  }

  @Test
  void aRunThatBeginsAnewRestartsItsReaders() {
    PieceReader reader = reader();
    put(hub, first, 0, "a", "b", "c");
    read(reader);
    put(hub, second, 0, "x");
    assertThat(read(reader)).isEqualTo("restart 2 0:x");
    assertThat(read(reader(1, 2))).isEqualTo("restart 2 0:x");
    assertThat(read(reader(2, 1))).isEmpty();
  }

  @Test
  void aRunThatGoesOnIsNotToldTwice() {
    PieceReader reader = reader();
    put(hub, first, 0, "a", "b", "c");
    read(reader);
    resume(hub, second, 2, "c", "d");
    assertThat(read(reader)).isEqualTo("3:d");
    assertThat(read(reader(1, 1))).isEqualTo("1:b 2:c 3:d");
    assertThat(read(reader())).isEqualTo("0:a 1:b 2:c 3:d");
  }

  @Test
  void aRunThatGoesOnWhereNothingIsKnownLeavesAGapToWhoReadNothing() {
    resume(hub, second, 5, "f");
    assertThat(read(reader())).isEqualTo("gap 0-5 5:f");
    assertThat(read(reader(1, 5))).isEqualTo("5:f");
  }

  @Test
  void whoReadALongGoneRunBeginsAnewWhereNobodyKnowsWhatWasBetween() {
    resume(hub, run(id, 5), 5, "f");
    assertThat(read(reader(1, 5))).isEqualTo("restart 5 gap 0-5 5:f");
  }

  @Test
  void aRunThatGoesOnFromOneThatIsNotKnownHereIsNotTakenForAnOlderOnesGoingOn() {
    put(hub, first, 0, "a", "b", "c");
    resume(hub, run(id, 3), 1, "y", "z");
    assertThat(read(reader())).isEqualTo("gap 0-1 1:y 2:z");
    assertThat(read(reader(2, 1))).isEqualTo("1:y 2:z");
    assertThat(read(reader(1, 3))).isEqualTo("restart 3 gap 0-1 1:y 2:z");
  }

  @Test
  void whoReadANewerRunIsToldNothingOfAnOlderOne() {
    put(hub, first, 0, "a", "b", "c");
    PieceReader ahead = reader(2, 1);
    assertThat(read(ahead)).isEmpty();
    end(hub, first, 3);
    assertThat(ahead.rest()).isEqualTo(Rest.SOME);
    put(hub, second, 0, "x", "y");
    assertThat(read(ahead)).isEqualTo("1:y");
  }

  @Test
  void tasksThatNeverSayThatTheyHaveEndedTakeNoMoreMemoryThanOthers() {
    for (int i = 0; i < 1_000; i++) {
      putMany(hub, run(TaskId.random(), 1), 0, 1, 32);
    }
    assertThat(hub.bytes()).isLessThanOrEqualTo(16_384);
  }

  @Test
  void whatAnOlderRunStillSaysIsNotHeard() {
    PieceReader reader = reader();
    put(hub, second, 0, "x");
    assertThat(hub.put(new PutPieces(first, false, 0, bytes("a")))).isFalse();
    hub.end(new EndPieces(first, 1, true));
    assertThat(read(reader)).isEqualTo("0:x");
    assertThat(reader.rest()).isEqualTo(Rest.UNKNOWN);
  }

  @Test
  void whatWasSentTwiceIsTakenOnceAndWhatWasLostIsAGap() {
    PieceReader reader = reader();
    put(hub, first, 0, "a", "b");
    put(hub, first, 1, "b", "c");
    assertThat(read(reader)).isEqualTo("0:a 1:b 2:c");
    put(hub, first, 7, "h");
    assertThat(read(reader)).isEqualTo("gap 3-7 7:h");
  }

  @Test
  void aReaderKnowsWhenItHasEverything() {
    PieceReader reader = reader();
    put(hub, first, 0, "a", "b");
    assertThat(reader.rest()).isEqualTo(Rest.UNKNOWN);
    end(hub, first, 2);
    assertThat(reader.rest()).isEqualTo(Rest.SOME);
    read(reader);
    assertThat(reader.rest()).isEqualTo(Rest.NONE);
  }

  @Test
  void aRunThatEmitsNothingHasNothingToTell() {
    PieceReader early = reader();
    end(hub, first, -1);
    assertThat(early.rest()).isEqualTo(Rest.NONE);
    assertThat(reader().rest()).as("of who comes as it ends").isEqualTo(Rest.NONE);
    TaskId other = TaskId.random();
    end(hub, run(other, 1), -1);
    assertThat(hub.read(other, Position.START, PieceHubTest::deaf).rest()).isEqualTo(Rest.NONE);
  }

  @Test
  void aResultWithoutPiecesAfterARunThatEmittedSomeIsNotAllTold() {
    PieceReader reader = reader();
    put(hub, first, 0, "a");
    end(hub, second, -1);
    read(reader);
    assertThat(reader.rest()).isEqualTo(Rest.LOST);
  }

  @Test
  void aRunThatGoesOnBehindTheLastPieceHasEmittedThemAll() {
    PieceReader reader = reader();
    put(hub, first, 0, "a", "b");
    resume(hub, second, 2);
    end(hub, second, 2);
    assertThat(read(reader)).isEqualTo("0:a 1:b");
    assertThat(reader.rest()).isEqualTo(Rest.NONE);
  }

  @Test
  void aResultFromFarAwayWaitsForTheWorkersLastWordOfPieces() {
    PieceReader reader = reader();
    put(hub, first, 0, "a");
    hub.end(new EndPieces(run(id, 0), -1, true));
    read(reader);
    assertThat(reader.rest()).isEqualTo(Rest.UNKNOWN);
    end(hub, first, 1);
    assertThat(reader.rest()).isEqualTo(Rest.NONE);
  }

  @Test
  void piecesOutliveTheirRunByAMinuteAndNoMore() {
    put(hub, first, 0, "a");
    end(hub, first, 1);
    network.pass(Duration.ofSeconds(59));
    hub.tick();
    assertThat(read(reader(0, 0))).isEqualTo("0:a");
    hub.read(id, Position.START, PieceHubTest::deaf).close();
    network.pass(Duration.ofMinutes(1));
    hub.tick();
    assertThat(hub.tasks()).as("while somebody reads").isEqualTo(1);
  }

  @Test
  void whatNobodyReadsIsForgotten() {
    put(hub, first, 0, "a");
    end(hub, first, 1);
    reader().close();
    network.pass(Duration.ofMinutes(1));
    hub.tick();
    assertThat(hub.tasks()).isZero();
    assertThat(hub.bytes()).isZero();
    assertThat(reader(1, 1).rest()).isEqualTo(Rest.NONE);
  }

  @Test
  void manyPiecesRingABellOnce() {
    var rung = new AtomicInteger();
    hub.read(id, Position.START, rung::incrementAndGet);
    for (int i = 0; i < 100; i++) {
      put(hub, first, i, "a");
    }
    hub.tick();
    assertThat(rung).hasValue(1);
    hub.tick();
    assertThat(rung).hasValue(1);
  }

  @Test
  void whatIsNotTakenRingsNoBell() {
    put(hub, second, 0, "x");
    var rung = new AtomicInteger();
    hub.read(id, Position.START, rung::incrementAndGet);
    hub.tick();
    int before = rung.get();
    put(hub, first, 0, "a");
    hub.tick();
    assertThat(rung).hasValue(before);
  }

  @Test
  void aNodeAloneTellsNobody() {
    reader();
    put(hub, first, 0, "a");
    network.pass(Duration.ofSeconds(3));
    hub.tick();
    assertThat(network.sent).isEmpty();
    assertThat(reader().mayCome()).isTrue();
    assertThat(hub.read(TaskId.random(), Position.START, PieceHubTest::deaf).mayCome()).isFalse();
  }
}
