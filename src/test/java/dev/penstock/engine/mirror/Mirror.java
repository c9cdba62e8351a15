package dev.penstock.engine.mirror;

import dev.penstock.engine.BatchRun;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.EngineStopped;
import dev.penstock.engine.ModelEngine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An open mirror. A text is in it for a while, and a fixed number of them at once. */
public final class Mirror implements ModelEngine {
  private static final Duration REFLECTION = Duration.ofMillis(20);

  private final String model;
  private final int slots;
  private final BatchRun.Listener runs;
  private final ScheduledExecutorService glass = Executors.newSingleThreadScheduledExecutor();
  private final Semaphore free;
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  Mirror(String model, int slots, BatchRun.Listener runs) {
    this.model = model;
    this.slots = slots;
    this.runs = runs;
    this.free = new Semaphore(slots, true);
  }

  /** The most texts that ever were in it at once. */
  public int most() {
    return most.get();
  }

  /** The text, the last letter first, once there was a slot for it. */
  public CompletableFuture<String> reflect(String text) throws InterruptedException, EngineStopped {
    free.acquire();
    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
    var reflected = new CompletableFuture<String>();
    try {
      var _ =
          glass.schedule(
              () -> {
                inside.decrementAndGet();
                free.release();
                runs.ran(new BatchRun(model, 1, text.length(), text.length(), REFLECTION, false));
                reflected.complete(new StringBuilder(text).reverse().toString());
              },
              REFLECTION.toMillis(),
              TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      throw new EngineStopped();
    }
    return reflected;
  }

  @Override
  public EngineStatus status() {
    return new EngineStatus(model, EngineStatus.State.READY, "glass", slots, 0, 0, "");
  }

  @Override
  public void close() {
    glass.close();
  }
}
