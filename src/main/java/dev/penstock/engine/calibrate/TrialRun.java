package dev.penstock.engine.calibrate;

import dev.penstock.engine.BatchLimits;
import dev.penstock.engine.Batcher;
import dev.penstock.engine.Device;
import dev.penstock.engine.Work;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Texts that run all at once through a batcher of their own. Where a run fails the rest is skipped:
 * a batcher that halves the batch would hide that it was too large.
 */
final class TrialRun implements Batcher.Runner, Work.Sink {
  private static final String OWNER = "calibration";
  private static final float[] NO_VECTOR = {};

  private final Batcher.Runner model;
  private final CountDownLatch left;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private TrialRun(Batcher.Runner model, int texts) {
    this.model = model;
    this.left = new CountDownLatch(texts);
  }

  /** How a turn ended. */
  sealed interface Outcome {
    record Done(double textsPerSecond) implements Outcome {}

    /**
     * The texts did not run.
     *
     * @param why one line
     */
    record Failed(String why) implements Outcome {}
  }

  /**
   * Blocks until all texts have run.
   *
   * @param limit it fails when it takes longer
   * @throws IllegalStateException when a run does not end: the model must not be closed
   */
  static Outcome run(BatchLimits limits, Batcher.Runner model, List<int[]> texts, Duration limit)
      throws InterruptedException {
    var turn = new TrialRun(model, texts.size());
    try (Batcher batcher = Batcher.start(OWNER, limits, turn, _ -> {}, System::nanoTime)) {
      long start = System.nanoTime();
      Optional<Batcher.Ticket> ticket =
          batcher.submit(new Work(OWNER, Priority.TASK, texts, turn), Duration.ZERO);
      boolean ended = turn.left.await(limit.toMillis(), TimeUnit.MILLISECONDS);
      long nanos = System.nanoTime() - start;
      ticket.ifPresent(Batcher.Ticket::cancel);
      Throwable failure = turn.failure.get();
      if (failure != null) {
        return new Outcome.Failed(
            failure instanceof Exception e ? Device.firstLine(e) : failure.toString());
      }
      return ended
          ? new Outcome.Done(texts.size() / (nanos / (double) TimeUnit.SECONDS.toNanos(1)))
          : new Outcome.Failed("it took longer than " + limit.toSeconds() + " s");
    }
  }

  @Override
  public List<float[]> run(List<int[]> sequences) {
    if (failure.get() == null) {
      try {
        return model.run(sequences);
      } catch (Exception | OutOfMemoryError e) {
        failure.compareAndSet(null, e);
      }
    }
    return sequences.stream().map(_ -> NO_VECTOR).toList();
  }

  @Override
  public void vector(int index, float[] vector) {
    left.countDown();
  }

  /** Only what {@link #run} does not know of. */
  @Override
  public void failed(Exception cause) {
    failure.compareAndSet(null, cause);
    while (left.getCount() > 0) {
      left.countDown();
    }
  }
}
