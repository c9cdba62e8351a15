package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatcherTest {
  private static final Duration NO_WAIT = Duration.ZERO;
  private static final int POISON = 666;

  /** Stands still unless a test moves it. */
  private final AtomicLong clock = new AtomicLong();

  private final GatedModel model = new GatedModel();
  private final List<BatchRun> runs = Collections.synchronizedList(new ArrayList<>());
  private final List<Batcher> opened = new ArrayList<>();

  @AfterEach
  void close() {
    model.gate.release(1_000_000);
    opened.forEach(Batcher::close);
  }

  @Test
  void aLoneSequenceRunsAtOnceAndWhileItRunsTheNextBatchGathers() throws Exception {
    // The clock stands still: whatever waited for a time to pass would wait for ever.
    Batcher batcher = open(1);
    Answers first = submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).containsExactly(5);

    Answers second = submit(batcher, Priority.TASK, 6);
    Answers third = submit(batcher, Priority.TASK, 7);
    model.gate.release(2);

    assertThat(first.get()).hasSize(1);
    assertThat(model.begun()).containsExactlyInAnyOrder(6, 7);
    assertThat(second.get()).hasSize(1);
    assertThat(third.get()).hasSize(1);
  }

  @Test
  void itTellsWhatGoesBeforeNewWorkAndHowLongThatTakes() throws Exception {
    Batcher batcher =
        start(
            new BatchLimits(1, 512, 8, true),
            batch -> {
              clock.addAndGet(Duration.ofMillis(20).toNanos());
              return model.run(batch);
            });
    assertThat(batcher.timed()).isFalse();
    submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    submit(batcher, Priority.BULK, 300);
    submit(batcher, Priority.HELD, 40);
    assertThat(batcher.tokensAhead(Priority.BULK)).isEqualTo(340);
    assertThat(batcher.tokensAhead(Priority.TASK)).isEqualTo(40);
    assertThat(batcher.tokensAhead(Priority.HIGHEST)).isZero();
    model.gate.release(1);
    assertThat(model.begun()).hasSize(1);
    assertThat(batcher.time(1_000)).isEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void whatIsUrgentOvertakesWhatWaits() throws Exception {
    Batcher batcher = open(1);
    submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    submit(batcher, Priority.BULK, 10);
    submit(batcher, Priority.HELD, 100);
    model.gate.release(3);

    assertThat(model.begun()).containsExactly(100);
    assertThat(model.begun()).containsExactly(10);
  }

  @Test
  void aTaskOfThousandsDoesNotHoldUpATaskOfOne() throws Exception {
    Batcher batcher = open(1);
    int[] many = new int[2_048];
    Arrays.fill(many, 128);
    submit(batcher, Priority.TASK, many);
    assertThat(model.begun()).hasSize(4);
    Answers one = submit(batcher, Priority.TASK, 20);

    model.gate.release(3);
    assertThat(one.get()).hasSize(1);
  }

  @Test
  void cancelledWorkCostsNothing() throws Exception {
    Batcher batcher = open(1);
    submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    Answers cancelled = submit(batcher, Priority.TASK, 6, 6);
    cancelled.ticket.cancel();
    assertThat(batcher.waitingTokens()).isZero();
    submit(batcher, Priority.BULK, 9);
    model.gate.release(2);

    assertThat(model.begun()).containsExactly(9);
    assertThat(cancelled.count.get()).isZero();
    assertThat(cancelled.all).isNotDone();
  }

  @Test
  void workCancelledWhileItRunsHearsNothing() throws Exception {
    Batcher batcher = open(1);
    Answers cancelled = submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    cancelled.ticket.cancel();
    Answers next = submit(batcher, Priority.TASK, 5);
    model.gate.release(2);

    assertThat(next.get()).hasSize(1);
    assertThat(cancelled.count.get()).isZero();
  }

  @Test
  void aFailingBatchIsHalvedUntilTheCulpritStandsAlone() throws Exception {
    Batcher batcher = open(1, new BatchLimits(1, 1_000_000, 1_000, true));
    submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    List<Answers> good = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      good.add(submit(batcher, Priority.TASK, 600 + i));
    }
    Answers bad = submit(batcher, Priority.TASK, POISON, 20, 30);
    for (int i = 0; i < 10; i++) {
      good.add(submit(batcher, Priority.TASK, 700 + i));
    }
    model.gate.release(1_000);

    for (Answers answers : good) {
      assertThat(answers.get()).hasSize(1);
    }
    assertThat(bad.failure()).hasMessage("poisoned");
    assertThat(runs).anyMatch(run -> run.failed() && run.sequences() == 1);
    assertThat(batcher.waitingTokens()).isZero();
  }

  @Test
  void anErrorOfTheRuntimeFailsTheWorkAndNotTheThread() throws Exception {
    Batcher batcher =
        start(
            new BatchLimits(1, 512, 8, true),
            ids -> {
              if (ids.getFirst().length == 5) {
                throw new OutOfMemoryError("injected");
              }
              return vectors(ids);
            });

    assertThat(submit(batcher, Priority.TASK, 5).failure()).hasMessageContaining("injected");
    assertThat(submit(batcher, Priority.TASK, 6).get()).hasSize(1);
  }

  @Test
  void roomIsBoundedForEachPriority() throws Exception {
    Batcher batcher = open(1);
    submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    int[] half = new int[4];
    Arrays.fill(half, (int) Batcher.ROOM_TOKENS / 8);
    Answers first = submit(batcher, Priority.BULK, half);
    submit(batcher, Priority.BULK, half);
    assertThat(trySubmit(batcher, Priority.BULK, 1)).isEmpty();
    assertThat(trySubmit(batcher, Priority.HELD, 1)).isPresent();

    first.ticket.cancel();
    assertThat(trySubmit(batcher, Priority.BULK, 1)).isPresent();
  }

  @Test
  void aSubmitWaitsForRoom() throws Exception {
    Batcher batcher = open(1);
    submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    Answers large = submit(batcher, Priority.BULK, (int) Batcher.ROOM_TOKENS);
    CompletableFuture<Boolean> waiting = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            Answers answers = new Answers(1);
            Work work = work(Priority.BULK, answers, 5);
            waiting.complete(batcher.submit(work, Duration.ofMinutes(1)).isPresent());
          } catch (InterruptedException e) {
            waiting.completeExceptionally(e);
          }
        });
    large.ticket.cancel();

    assertThat(waiting.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void closingLetsTheRunningBatchFinishAndTellsWhatWaits() throws Exception {
    Batcher batcher = open(1);
    Answers running = submit(batcher, Priority.TASK, 5);
    assertThat(model.begun()).hasSize(1);
    Answers waiting = submit(batcher, Priority.TASK, 300);
    Thread closer = Thread.ofPlatform().start(batcher::close);

    assertThat(waiting.failure()).isInstanceOf(EngineStopped.class);
    model.gate.release(1);
    assertThat(closer.join(Duration.ofSeconds(10))).isTrue();
    assertThat(running.get()).hasSize(1);
    assertThat(trySubmit(batcher, Priority.TASK, 5)).isEmpty();
  }

  @Test
  void everyRunIsReported() throws Exception {
    Batcher batcher = open(1);
    Answers answers = submit(batcher, Priority.TASK, 10, 12);
    model.gate.release(1);
    answers.get();

    assertThat(runs)
        .singleElement()
        .satisfies(run -> {
          assertThat(run.model()).isEqualTo("test");
          assertThat(run.sequences()).isEqualTo(2);
          assertThat(run.tokens()).isEqualTo(22);
          assertThat(run.paddedTokens()).isEqualTo(24);
          assertThat(run.failed()).isFalse();
        });
  }

  @Test
  void everySequenceGetsExactlyOneAnswer() throws Exception {
    Batcher batcher =
        start(
            new BatchLimits(4, 256, 8, true),
            batch -> {
              if (batch.stream().anyMatch(ids -> ids.length == POISON)) {
                throw new IllegalStateException("poisoned");
              }
              return vectors(batch);
            });
    List<CompletableFuture<Integer>> clients = new ArrayList<>();
    for (int seed = 0; seed < 8; seed++) {
      Random random = new Random(seed);
      CompletableFuture<Integer> client = new CompletableFuture<>();
      clients.add(client);
      Thread.ofVirtual()
          .start(() -> {
            try {
              client.complete(submitAndCheck(batcher, random));
            } catch (Throwable e) {
              client.completeExceptionally(e);
            }
          });
    }
    for (CompletableFuture<Integer> client : clients) {
      assertThat(client.get(20, TimeUnit.SECONDS)).isPositive();
    }
    assertThat(batcher.waitingTokens()).isZero();
  }

  /** Works of all sizes, some cancelled, some poisoned; returns how many were answered in full. */
  private static int submitAndCheck(Batcher batcher, Random random) throws Exception {
    int answered = 0;
    for (int i = 0; i < 100; i++) {
      int[] lengths = random.ints(1 + random.nextInt(40), 1, 300).toArray();
      boolean poisoned = random.nextInt(10) == 0;
      if (poisoned) {
        lengths[random.nextInt(lengths.length)] = POISON;
      }
      Answers answers = new Answers(lengths.length);
      Work work = work(new Priority(random.nextInt(11)), answers, lengths);
      answers.ticket = batcher.submit(work, Duration.ofSeconds(10)).orElseThrow();
      if (random.nextInt(10) == 0) {
        answers.ticket.cancel();
      } else if (poisoned) {
        assertThat(answers.failure()).hasMessage("poisoned");
      } else {
        List<float[]> vectors = answers.get();
        for (int index = 0; index < lengths.length; index++) {
          assertThat(vectors.get(index)).containsExactly(lengths[index]);
        }
        answered++;
      }
    }
    return answered;
  }

  private Batcher open(int threads) {
    return open(threads, new BatchLimits(threads, 512, 8, true));
  }

  private Batcher open(int threads, BatchLimits limits) {
    assertThat(limits.threads()).isEqualTo(threads);
    return start(limits, model);
  }

  private Batcher start(BatchLimits limits, Batcher.Runner runner) {
    Batcher batcher = Batcher.start("test", limits, runner, runs::add, clock::get);
    opened.add(batcher);
    return batcher;
  }

  private static Answers submit(Batcher batcher, Priority priority, int... lengths) {
    return trySubmit(batcher, priority, lengths).orElseThrow();
  }

  private static Optional<Answers> trySubmit(Batcher batcher, Priority priority, int... lengths) {
    try {
      Answers answers = new Answers(lengths.length);
      return batcher
          .submit(work(priority, answers, lengths), NO_WAIT)
          .map(ticket -> {
            answers.ticket = ticket;
            return answers;
          });
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Work work(Priority priority, Answers answers, int... lengths) {
    List<int[]> sequences =
        Arrays.stream(lengths)
            .mapToObj(length -> {
              int[] ids = new int[length];
              Arrays.fill(ids, length);
              return ids;
            })
            .toList();
    return new Work("owner", priority, sequences, answers);
  }

  private static List<float[]> vectors(List<int[]> batch) {
    return batch.stream().map(ids -> new float[] {ids.length}).toList();
  }

  /** A model whose runs end one by one, as the test lets them. */
  private static final class GatedModel implements Batcher.Runner {
    final Semaphore gate = new Semaphore(0);
    private final BlockingQueue<List<Integer>> started = new LinkedBlockingQueue<>();

    /** The lengths of the next batch that began. */
    List<Integer> begun() throws InterruptedException {
      List<Integer> lengths = started.poll(10, TimeUnit.SECONDS);
      assertThat(lengths).as("a batch began").isNotNull();
      return lengths == null ? List.of() : lengths;
    }

    @Override
    public List<float[]> run(List<int[]> batch) throws InterruptedException {
      started.add(batch.stream().map(ids -> ids.length).toList());
      assertThat(gate.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      if (batch.stream().anyMatch(ids -> ids.length == POISON)) {
        throw new IllegalStateException("poisoned");
      }
      return vectors(batch);
    }
  }

  /** What one work heard. */
  private static final class Answers implements Work.Sink {
    final CompletableFuture<float[][]> all = new CompletableFuture<>();
    final AtomicInteger count = new AtomicInteger();
    Batcher.Ticket ticket = () -> {};
    private final float[][] vectors;

    Answers(int size) {
      vectors = new float[size][];
    }

    @Override
    public void vector(int index, float[] vector) {
      assertThat(vectors[index]).as("a second answer").isNull();
      vectors[index] = vector;
      if (count.incrementAndGet() == vectors.length) {
        all.complete(vectors);
      }
    }

    @Override
    public void failed(Exception cause) {
      all.completeExceptionally(cause);
    }

    List<float[]> get() throws Exception {
      return List.of(all.get(10, TimeUnit.SECONDS));
    }

    Throwable failure() throws Exception {
      return all.handle((vectors, e) -> e).get(10, TimeUnit.SECONDS);
    }
  }
}
