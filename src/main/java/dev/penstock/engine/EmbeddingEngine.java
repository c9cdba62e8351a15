package dev.penstock.engine;

import dev.penstock.config.Settings;
import dev.penstock.core.TimeLimit;
import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.engine.calibrate.Calibrated;
import dev.penstock.engine.calibrate.CalibrationFile;
import dev.penstock.engine.calibrate.CalibrationKey;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Priority;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One open embedding model: its tokenizer, its batcher and the model itself. */
public final class EmbeddingEngine implements ModelEngine {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingEngine.class);

  /** How long work waits for room before its task is put back. */
  private static final Duration ROOM_WAIT = Duration.ofMinutes(5);

  private static final long REPORT_MILLIS = 500;

  /** Shorter lists are done before anybody could look. */
  private static final int REPORT_FROM = 64;

  private final LoadedModel loaded;
  private final ModelSpec spec;
  private final String identity;
  private final Batcher batcher;
  private final UpcomingTokens coming = new UpcomingTokens();

  private EmbeddingEngine(LoadedModel loaded, Batcher batcher) {
    this.loaded = loaded;
    this.spec = loaded.spec();
    this.identity = spec.name() + loaded.traits() + loaded.source();
    this.batcher = batcher;
  }

  /** Blocks in native code, for a second at most once the file is unpacked: platform threads. */
  static EmbeddingEngine open(
      EncoderBackend backend, ModelSpec spec, ModelSource source, EngineParts parts)
      throws IOException, CannotOpenModel {
    long start = System.nanoTime();
    Settings.Inference settings = parts.settings();
    LoadedModel loaded = backend.load(spec, source, parts.device(), parts.data());
    Device chosen = loaded.model().device();
    Optional<Calibrated> calibrated =
        BatchLimits.allSet(settings)
            ? Optional.empty()
            : CalibrationFile.in(parts.data()).find(CalibrationKey.of(loaded));
    BatchLimits limits = BatchLimits.of(chosen, settings, calibrated);
    Batcher batcher =
        Batcher.start(spec.name(), limits, loaded.model(), parts.runs(), System::nanoTime);
    LOG.info(
        "model {} is open on {}: {} runs side by side, {} padded tokens a batch{}, took {} ms",
        spec.name(),
        chosen.name(),
        limits.threads(),
        limits.tokenBudget(),
        BatchLimits.origin(chosen, settings, calibrated),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    return new EmbeddingEngine(loaded, batcher);
  }

  /** Changes with whatever its vectors depend on. */
  public String identity() {
    return identity;
  }

  /** The most tokens that it reads of a text. */
  public int longest() {
    return loaded.traits().maxTokens();
  }

  public Tokenizer tokenizer() {
    return loaded.tokenizer();
  }

  /** Whether it has run, so that the times below are known. */
  public boolean timed() {
    return batcher.timed();
  }

  /** How long work of that priority would wait now for its first batch, by estimate. */
  public Duration waitFor(Priority priority) {
    return batcher.time(batcher.tokensAhead(priority) + coming.from(priority));
  }

  /** So many tokens are about to be run, by estimate: {@link #waitFor} knows of them then. */
  public UpcomingTokens.Arrival announce(Priority priority, long tokens) {
    return coming.add(priority, tokens);
  }

  /** How long so many tokens take once it is their turn, by estimate. */
  public Duration timeFor(long tokens) {
    return batcher.time(tokens);
  }

  @Override
  public EngineStatus status() {
    return new EngineStatus(
        spec.name(),
        EngineStatus.State.READY,
        loaded.model().device().name(),
        batcher.limits().threads(),
        batcher.limits().tokenBudget(),
        batcher.waitingTokens(),
        "");
  }

  /**
   * The vectors of these texts, in order; empty when there is no room for them. Blocks until they
   * are there; interrupting it takes the work out of the batcher.
   */
  public Optional<float[][]> embed(String owner, Priority priority, List<Tokens> texts, Asker asker)
      throws InterruptedException, ModelFailure {
    TimeLimit limit = asker.limit();
    Collector collector = new Collector(texts.size());
    List<int[]> ids = texts.stream().map(Tokens::ids).toList();
    Work work = new Work(owner, priority, ids, collector, limit);
    if (limit != null) {
      limit.stand();
    }
    Optional<Batcher.Ticket> ticket = Optional.empty();
    try {
      ticket = batcher.submit(work, ROOM_WAIT);
      return ticket.isEmpty() ? Optional.empty() : vectors(collector, asker);
    } finally {
      ticket.ifPresent(Batcher.Ticket::cancel); // first: the batcher stops the time no more
      if (limit != null) {
        limit.goOn();
      }
      collector.leave(asker);
    }
  }

  private Optional<float[][]> vectors(Collector collector, Asker asker)
      throws InterruptedException, ModelFailure {
    try {
      // Bounded by the task's time limit, which interrupts us.
      if (collector.vectors.length < REPORT_FROM) {
        return Optional.of(collector.all.get());
      }
      while (true) {
        try {
          return Optional.of(collector.all.get(REPORT_MILLIS, TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
          asker.done(collector.done.get());
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineStopped) {
        return Optional.empty();
      }
      throw new ModelFailure(spec.name(), e.getCause());
    }
  }

  /** Who asks for vectors. */
  @FunctionalInterface
  public interface Asker {
    /** Hears now and then how many of a longer list are done. */
    void done(int texts);

    /** How long all of it may take; null: nobody counts. */
    default @Nullable TimeLimit limit() {
      return null;
    }

    /** Gets what was made before the whole could not be: a failure, or nobody waits any more. */
    default void left(int index, float[] vector) {}
  }

  /** Lets running batches finish. */
  @Override
  public void close() {
    try {
      batcher.close();
      loaded.close();
    } catch (IllegalStateException e) {
      // Freeing a model under a run would take the process down: leave it to the process's end.
      LOG.warn("{}; left open", e.getMessage());
    }
  }

  /** Gathers one work's vectors. */
  private static final class Collector implements Work.Sink {
    final CompletableFuture<float[][]> all = new CompletableFuture<>();
    final AtomicInteger done = new AtomicInteger();
    private final float[][] vectors;

    Collector(int count) {
      vectors = new float[count][];
    }

    @Override
    public void vector(int index, float[] vector) {
      vectors[index] = vector;
      if (done.incrementAndGet() == vectors.length) {
        all.complete(vectors);
      }
    }

    @Override
    public void failed(Exception cause) {
      all.completeExceptionally(cause);
    }

    /** Once nothing more comes. */
    void leave(Asker asker) {
      if (done.get() == vectors.length) {
        return;
      }
      for (int i = 0; i < vectors.length; i++) {
        float[] vector = vectors[i];
        if (vector != null) {
          asker.left(i, vector);
        }
      }
    }
  }
}
