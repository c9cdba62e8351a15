package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.TimeLimit;
import dev.penstock.engine.Job.Sequence;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Work whose time is limited: when it passes, and who begins so that nobody's runs out. */
class LimitedWorkTest {
  private static final BatchLimits CPU = new BatchLimits(1, 512, 8, true);
  private static final BatchLimits GPU = new BatchLimits(1, 16_384, 64, false);
  private static final int TASKS = 16;
  private static final int TEXTS = 60;
  private static final int LENGTH = 256;

  /** With it a task of so many such texts takes 30 s alone. */
  private static final double NANOS_PER_TOKEN = 30e9 / (TEXTS * LENGTH);

  private static final Duration LIMIT = Duration.ofSeconds(92);

  /** A limit by a clock that moves when a batch runs. */
  private final class Limit implements TimeLimit {
    private final long limit;
    private long passed;
    private long since;
    private boolean passing;

    Limit(Duration limit) {
      this.limit = limit.toNanos();
    }

    @Override
    public void stand() {
      passed = limit - nanosLeft();
      passing = false;
    }

    @Override
    public void pass() {
      since = now;
      passing = true;
    }

    @Override
    public void goOn() {
      pass();
    }

    @Override
    public long nanosLeft() {
      return limit - passed - (passing ? now - since : 0);
    }
  }

  private long now;
  private final Map<Job, Long> firsts = new HashMap<>();
  private final Map<Job, Long> lasts = new HashMap<>();

  private Job job(String owner, Priority priority, Duration limit, int... lengths) {
    List<int[]> sequences = Arrays.stream(lengths).mapToObj(length -> new int[length]).toList();
    return new Job(new Work(owner, priority, sequences, new Silent(), new Limit(limit)));
  }

  private static class Silent implements Work.Sink {
    @Override
    public void vector(int index, float[] vector) {}

    @Override
    public void failed(Exception cause) {}
  }

  /** Runs batches until nothing waits; each takes as long as its padded tokens. */
  private void runAll(Backlog backlog, boolean paceIsKnown) {
    double pace = paceIsKnown ? NANOS_PER_TOKEN : 0;
    while (!backlog.isEmpty()) {
      List<Sequence> batch = backlog.next(now, 1, pace);
      batch.forEach(sequence -> sequence.job().runs());
      batch.forEach(sequence -> firsts.putIfAbsent(sequence.job(), now));
      int longest = batch.stream().mapToInt(Sequence::length).max().orElseThrow();
      now += Math.round(NANOS_PER_TOKEN * longest * batch.size());
      batch.forEach(sequence -> sequence.job().ran());
      batch.forEach(sequence -> lasts.put(sequence.job(), now));
      pace = NANOS_PER_TOKEN;
    }
  }

  private List<Job> manyLongTasks(Backlog backlog, IntFunction<String> owner) {
    firsts.clear();
    lasts.clear();
    int[] lengths = IntStream.range(0, TEXTS).map(_ -> LENGTH).toArray();
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < TASKS; i++) {
      jobs.add(job(owner.apply(i), Priority.TASK, LIMIT, lengths));
      backlog.add(jobs.getLast(), now);
    }
    return jobs;
  }

  private static long left(Job job) {
    TimeLimit limit = job.limit();
    assertThat(limit).isNotNull();
    return limit == null ? 0 : limit.nanosLeft();
  }

  private void endInTimeAndNotAllAtTheEnd(List<Job> jobs) {
    assertThat(jobs).allSatisfy(job -> assertThat(left(job)).isPositive());
    long lastBegun = Collections.max(firsts.values());
    assertThat(lasts.values().stream().filter(end -> end <= lastBegun).count())
        .as("most have ended before the last one begins")
        .isGreaterThan(TASKS / 2);
  }

  @Test
  void manyLongTasksEndOneAfterTheOtherAndEachInTime() {
    for (BatchLimits limits : List.of(CPU, GPU)) {
      Backlog backlog = new Backlog(limits);
      List<Job> jobs = manyLongTasks(backlog, _ -> "owner");
      runAll(backlog, true);
      endInTimeAndNotAllAtTheEnd(jobs);
    }
  }

  @Test
  void soDoThoseOfManyOwners() {
    for (BatchLimits limits : List.of(CPU, GPU)) {
      Backlog backlog = new Backlog(limits);
      List<Job> jobs = manyLongTasks(backlog, i -> "owner" + i);
      runAll(backlog, true);
      endInTimeAndNotAllAtTheEnd(jobs);
    }
  }

  @Test
  void soDoThoseThatComeBeforeTheModelHasEverRun() {
    for (BatchLimits limits : List.of(CPU, GPU)) {
      Backlog backlog = new Backlog(limits);
      List<Job> jobs = manyLongTasks(backlog, i -> "owner" + i % 3);
      runAll(backlog, false);
      endInTimeAndNotAllAtTheEnd(jobs);
    }
  }

  @Test
  void tasksOfAllSizesAndLengthsEndInTime() {
    Random random = new Random(5);
    Backlog backlog = new Backlog(CPU);
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      int[] lengths = random.ints(1 + random.nextInt(80), 10, 500).toArray();
      long alone = Math.round(NANOS_PER_TOKEN * Arrays.stream(lengths).sum());
      Duration limit = Duration.ofSeconds(5).plusNanos(alone * 2);
      jobs.add(job("owner" + random.nextInt(4), Priority.TASK, limit, lengths));
      backlog.add(jobs.getLast(), now);
    }
    runAll(backlog, true);
    assertThat(jobs).allSatisfy(job -> assertThat(left(job)).isPositive());
  }

  @Test
  void aShortTaskPassesALongOneOfItsOwner() {
    Backlog backlog = new Backlog(CPU);
    Job large = job("a", Priority.TASK, LIMIT, IntStream.range(0, 60).map(_ -> 200).toArray());
    backlog.add(large, 0);
    assertThat(backlog.next(0, 1, NANOS_PER_TOKEN)).extracting(Sequence::job).containsOnly(large);
    Job small = job("a", Priority.TASK, LIMIT, 30);
    backlog.add(small, 0);
    assertThat(backlog.next(0, 1, NANOS_PER_TOKEN)).extracting(Sequence::job).contains(small);
  }

  @Test
  void ownersTakeTurnsAsLongAsThereIsTimeForAll() {
    Backlog backlog = new Backlog(CPU);
    Duration hour = Duration.ofHours(1);
    int[] many = IntStream.range(0, 300).map(_ -> LENGTH).toArray();
    for (String owner : List.of("a", "b")) {
      backlog.add(job(owner, Priority.TASK, hour, many), 0);
    }
    for (int batch = 0; batch < 20; batch++) {
      assertThat(backlog.next(0, 1, NANOS_PER_TOKEN))
          .extracting(sequence -> sequence.job().work().owner())
          .containsExactlyInAnyOrder("a", "b");
    }
  }

  @Test
  void aTaskThatWaitedAsLongAsItMayRunBeginsBesideShorterOnesOfItsOwner() {
    Backlog backlog = new Backlog(CPU);
    Job large = job("a", Priority.TASK, LIMIT, IntStream.range(0, 40).map(_ -> 200).toArray());
    backlog.add(large, 0);
    long late = LIMIT.plusSeconds(1).toNanos();
    backlog.add(job("a", Priority.TASK, LIMIT, 30, 30), late);
    assertThat(backlog.next(late, 1, NANOS_PER_TOKEN).getFirst().job()).isSameAs(large);
  }

  @Test
  void urgentWorkIsNotKeptWaitingForTheTimeOfOthers() {
    Backlog backlog = new Backlog(CPU);
    manyLongTasks(backlog, _ -> "owner");
    backlog.next(0, 1, NANOS_PER_TOKEN);
    Job urgent = job("owner", Priority.HELD, LIMIT, IntStream.range(0, 60).map(_ -> 256).toArray());
    backlog.add(urgent, 0);
    assertThat(backlog.next(0, 1, NANOS_PER_TOKEN)).extracting(Sequence::job).containsOnly(urgent);
  }

  @Test
  void timeStandsStillWhileOtherWorkRuns() throws Exception {
    var gate = new Semaphore(0);
    var told = Collections.synchronizedList(new ArrayList<String>());
    var done = new CompletableFuture<Boolean>();
    TimeLimit limit =
        new TimeLimit() {
          @Override
          public void stand() {
            told.add("stands");
          }

          @Override
          public void pass() {
            told.add("passes");
          }

          @Override
          public void goOn() {}

          @Override
          public long nanosLeft() {
            return Long.MAX_VALUE;
          }
        };
    try (Batcher batcher =
        Batcher.start(
            "test",
            CPU,
            ids -> {
              told.add("a batch of " + ids.getFirst().length);
              assertThat(gate.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
              return ids.stream().map(each -> new float[] {each.length}).toList();
            },
            _ -> {},
            System::nanoTime)) {
      List<int[]> other = List.of(new int[400], new int[401]);
      batcher.submit(new Work("other", Priority.HELD, other, new Silent()), Duration.ZERO);
      var sink =
          new Silent() {
            @Override
            public void vector(int index, float[] vector) {
              told.add("a vector");
              done.complete(true);
            }
          };
      batcher.submit(
          new Work("owner", Priority.TASK, List.of(new int[7]), sink, limit), Duration.ZERO);
      gate.release(3);
      assertThat(done.get(20, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(told)
        .containsExactly(
            "a batch of 401", "a batch of 400", "passes", "a batch of 7", "stands", "a vector");
  }
}
