package dev.penstock.inference;

import dev.penstock.config.Settings;
import dev.penstock.models.ModelSpec;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models, each opened when it is first asked for, one at a time. A failure is told to those who
 * waited; who asks after them tries again.
 */
final class ModelEngines implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelEngines.class);
  private static final long CLOSE_SECONDS = 30;

  private final List<ModelSpec> models;
  private final Settings.Inference settings;
  private final Path data;
  private final Device device;
  private final BatchRun.Listener listener;
  private final ExecutorService opener =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("model-opener").daemon().factory());

  /** Guarded by itself; failed ones stay until somebody asks again. */
  private final Map<String, CompletableFuture<ModelEngine>> engines = new HashMap<>();

  private boolean closed;

  /**
   * @param data the data folder
   */
  ModelEngines(
      List<ModelSpec> models,
      Settings.Inference settings,
      Path data,
      Device device,
      BatchRun.Listener listener) {
    this.models = List.copyOf(models);
    this.settings = settings;
    this.data = data;
    this.device = device;
    this.listener = listener;
  }

  /** The model of that name; aliases are resolved where requests come in. */
  Optional<ModelSpec> find(String name) {
    return models.stream().filter(spec -> spec.name().equals(name)).findFirst();
  }

  /** The open model; opens it when need be and waits for it. */
  ModelEngine get(ModelSpec spec) throws InterruptedException, ModelFailure {
    try {
      return start(spec).get();
    } catch (ExecutionException e) {
      throw new ModelFailure(spec.name(), e.getCause());
    } catch (CancellationException | RejectedExecutionException e) {
      throw new ModelFailure(spec.name(), new Work.Stopped());
    }
  }

  /** Begins to open the model, unless it is open or under way. */
  CompletableFuture<ModelEngine> start(ModelSpec spec) {
    synchronized (engines) {
      if (closed) {
        return CompletableFuture.failedFuture(new Work.Stopped());
      }
      CompletableFuture<ModelEngine> known = engines.get(spec.name());
      if (known != null && !known.isCompletedExceptionally()) {
        return known;
      }
      CompletableFuture<ModelEngine> engine = new CompletableFuture<>();
      engines.put(spec.name(), engine);
      opener.execute(() -> open(spec, engine));
      return engine;
    }
  }

  /** One for each model. */
  List<EngineStatus> status() {
    return models.stream().map(this::status).toList();
  }

  /** Closes every model; running batches finish, waiting work is told. */
  @Override
  public void close() {
    List<CompletableFuture<ModelEngine>> open;
    synchronized (engines) {
      closed = true;
      open = List.copyOf(engines.values());
    }
    opener.shutdown();
    try {
      if (!opener.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a model is still being opened; left alone");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (CompletableFuture<ModelEngine> engine : open) {
      if (engine.state() == CompletableFuture.State.SUCCESS) {
        engine.resultNow().close();
      }
    }
  }

  private void open(ModelSpec spec, CompletableFuture<ModelEngine> engine) {
    try {
      engine.complete(ModelEngine.open(spec, device, settings, data, listener));
    } catch (Exception | LinkageError e) {
      LOG.error("model {} cannot be opened: {}", spec.name(), e.toString());
      engine.completeExceptionally(e);
    }
  }

  private EngineStatus status(ModelSpec spec) {
    CompletableFuture<ModelEngine> engine;
    synchronized (engines) {
      engine = engines.get(spec.name());
    }
    if (engine == null) {
      return unopened(spec, EngineStatus.State.CLOSED, "");
    }
    return switch (engine.state()) {
      case RUNNING -> unopened(spec, EngineStatus.State.OPENING, "");
      case SUCCESS -> engine.resultNow().status();
      case FAILED, CANCELLED ->
          unopened(
              spec,
              EngineStatus.State.FAILED,
              new ModelFailure(spec.name(), engine.exceptionNow()).reason());
    };
  }

  private static EngineStatus unopened(ModelSpec spec, EngineStatus.State state, String message) {
    return new EngineStatus(spec.name(), state, "", 0, 0, 0, message);
  }
}
