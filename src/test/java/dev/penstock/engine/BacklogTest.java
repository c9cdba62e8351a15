package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.Job.Sequence;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BacklogTest {
  private static final BatchLimits CPU = new BatchLimits(2, 512, 8, true);
  private static final BatchLimits GPU = new BatchLimits(2, 4_096, 64, false);
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final Backlog backlog = new Backlog(CPU);

  @Test
  void whatIsMoreUrgentGoesFirst() {
    Job bulk = add("a", Priority.BULK, 10, 10);
    Job held = add("b", Priority.HELD, 10);

    assertThat(backlog.next(0, 1)).extracting(Sequence::job).containsExactly(held);
    assertThat(backlog.next(0, 1)).extracting(Sequence::job).containsExactly(bulk, bulk);
    assertThat(backlog.isEmpty()).isTrue();
    assertThat(backlog.tokens()).isZero();
  }

  @Test
  void lessUrgentWorkTakesOnlyRoomThatCostsNothing() {
    Backlog gpu = new Backlog(GPU);
    Job held = job("a", Priority.HELD, 100);
    Job bulk = job("b", Priority.BULK, 130, 99, 40, 20);
    gpu.add(held, 0);
    gpu.add(bulk, 0);

    assertThat(gpu.next(0, 1)).extracting(Sequence::length).containsExactly(100, 99, 40);
    assertThat(gpu.next(0, 1)).extracting(Sequence::length).containsExactly(130);
    assertThat(gpu.next(0, 1)).extracting(Sequence::length).containsExactly(20);
  }

  @Test
  void ownersWithUnequalBacklogsGetEqualTurns() {
    for (int i = 0; i < 50; i++) {
      add("many", Priority.TASK, 64, 64, 64, 64);
    }
    add("few", Priority.TASK, lengths(40, 64));

    Map<String, Integer> turns = new HashMap<>();
    for (int batch = 0; batch < 10; batch++) {
      for (Sequence sequence : backlog.next(0, 1)) {
        turns.merge(sequence.job().work().owner(), 1, Integer::sum);
      }
    }
    assertThat(turns).containsOnly(Map.entry("many", 40), Map.entry("few", 40));
  }

  @Test
  void ownersTakeTurnsWithBatchesWhoseLengthsDoNotMatch() {
    add("a", Priority.TASK, lengths(2_048, 200));
    add("b", Priority.TASK, lengths(10, 20));

    assertThat(owners(backlog.next(0, 1))).containsExactly("a");
    assertThat(owners(backlog.next(0, 1))).containsExactly("b");
    assertThat(owners(backlog.next(0, 1))).containsExactly("a");
  }

  @Test
  void oneOwnersTasksTakeTurns() {
    Job large = add("a", Priority.TASK, lengths(2_048, 100));
    Job small = add("a", Priority.TASK, 30);

    assertThat(backlog.next(0, 1)).extracting(Sequence::job).containsOnly(large);
    assertThat(backlog.next(0, 1)).extracting(Sequence::job).containsExactly(small);
  }

  @Test
  void aBatchHasSequencesOfLikeLength() {
    Random random = new Random(7);
    for (int owner = 0; owner < 20; owner++) {
      add("owner" + owner, Priority.TASK, random.ints(100, 2, 400).toArray());
    }

    long real = 0;
    long padded = 0;
    while (!backlog.isEmpty()) {
      List<Sequence> batch = backlog.next(0, 1);
      int longest = batch.stream().mapToInt(Sequence::length).max().orElseThrow();
      assertThat(longest * batch.size()).isLessThanOrEqualTo(512);
      real += batch.stream().mapToInt(Sequence::length).sum();
      padded += (long) longest * batch.size();
    }
    assertThat((double) real / padded).isGreaterThan(0.95);
  }

  @Test
  void aSequenceBeyondTheBudgetRunsAlone() {
    add("a", Priority.TASK, 600, 600, 599);

    assertThat(backlog.next(0, 1)).hasSize(1);
  }

  @Test
  void aLongerSequenceJoinsOnlyWhileItPadsTheOthersLittle() {
    add("a", Priority.TASK, 50);
    add("b", Priority.TASK, 58);
    add("c", Priority.TASK, 63);

    // 58 pads one sequence by 8; 63 would pad two by 5 each.
    assertThat(backlog.next(0, 1)).extracting(Sequence::length).containsExactly(50, 58);
  }

  @Test
  void freeRunsShareWhatWaits() {
    add("a", Priority.TASK, lengths(8, 16));

    assertThat(backlog.next(0, 2)).hasSize(4);
    assertThat(backlog.next(0, 1)).hasSize(4);
  }

  @Test
  void aJobPastTheAgeBoundLeadsEveryOtherBatch() {
    Job old = job("crowd", Priority.TASK, 100);
    for (int i = 0; i < 9; i++) {
      backlog.add(job("crowd", Priority.TASK, 300 + 20 * i), 0);
    }
    backlog.add(old, 0);
    Job older = job("late", Priority.TASK, 30);
    backlog.add(older, SECOND);
    Job busy = job("busy", Priority.TASK, lengths(100, 10));
    backlog.add(busy, 3 * SECOND);

    List<String> leads = new ArrayList<>();
    for (int batch = 0; batch < 4; batch++) {
      leads.add(backlog.next(3 * SECOND, 1).getFirst().job().work().owner());
    }
    // By age: the crowd's first; by turns: late (the crowd had its turn); by age; by turns: busy.
    assertThat(leads).containsExactly("crowd", "late", "crowd", "busy");
  }

  @Test
  void aJobIsNotOldWhileItIsServed() {
    Job large = add("a", Priority.TASK, lengths(100, 200));
    for (long time = 0; time < 5; time++) {
      backlog.next(time * SECOND, 1);
    }
    Job small = job("a", Priority.TASK, 20);
    backlog.add(small, 5 * SECOND);

    assertThat(backlog.next(5 * SECOND, 1).getFirst().job()).isSameAs(large);
    assertThat(backlog.next(5 * SECOND, 1).getFirst().job()).isSameAs(small);
  }

  @Test
  void removedWorkIsGoneAtOnce() {
    Job gone = add("a", Priority.TASK, 10, 10);
    Job kept = add("b", Priority.TASK, 10);

    backlog.remove(gone);
    backlog.remove(gone);

    assertThat(backlog.tokens(Priority.TASK)).isEqualTo(10);
    assertThat(backlog.next(0, 1)).extracting(Sequence::job).containsExactly(kept);
    assertThat(backlog.isEmpty()).isTrue();
  }

  @Test
  void everySequenceIsChosenOnce() {
    Random random = new Random(42);
    for (BatchLimits limits : List.of(CPU, GPU)) {
      Backlog mixed = new Backlog(limits);
      int expected = 0;
      for (int i = 0; i < 200; i++) {
        int[] lengths = random.ints(1 + random.nextInt(30), 1, 700).toArray();
        mixed.add(job("o" + random.nextInt(9), new Priority(random.nextInt(11)), lengths), i);
        expected += lengths.length;
      }
      Set<Sequence> seen = new HashSet<>();
      while (!mixed.isEmpty()) {
        List<Sequence> batch = mixed.next(random.nextLong(4 * SECOND), 1 + random.nextInt(3));
        int longest = batch.stream().mapToInt(Sequence::length).max().orElseThrow();
        assertThat(batch.size() == 1 || longest * batch.size() <= limits.tokenBudget()).isTrue();
        batch.forEach(sequence -> assertThat(seen.add(sequence)).isTrue());
      }
      assertThat(seen).hasSize(expected);
      assertThat(mixed.tokens()).isZero();
    }
  }

  /** Loose: the machine may be busy. What it must not be is proportional to what waits. */
  @Test
  void choosingABatchAmong200000SequencesIsQuick() {
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      add("o" + i % 10, Priority.TASK, random.ints(2_048, 2, 256).toArray());
    }
    long start = System.nanoTime();
    int batches = 5_000;
    for (int i = 0; i < batches; i++) {
      backlog.next(0, 1);
    }
    assertThat((System.nanoTime() - start) / batches).isLessThan(Duration.ofMillis(1).toNanos());
  }

  private Job add(String owner, Priority priority, int... lengths) {
    Job job = job(owner, priority, lengths);
    backlog.add(job, 0);
    return job;
  }

  private static Job job(String owner, Priority priority, int... lengths) {
    List<int[]> sequences = Arrays.stream(lengths).mapToObj(length -> new int[length]).toList();
    return new Job(
        new Work(
            owner,
            priority,
            sequences,
            new Work.Sink() {
              @Override
              public void vector(int index, float[] vector) {}

              @Override
              public void failed(Exception cause) {}
            }));
  }

  private static int[] lengths(int count, int length) {
    return IntStream.range(0, count).map(i -> length).toArray();
  }

  private static Set<String> owners(List<Sequence> batch) {
    Set<String> owners = new HashSet<>();
    batch.forEach(sequence -> owners.add(sequence.job().work().owner()));
    return owners;
  }
}
