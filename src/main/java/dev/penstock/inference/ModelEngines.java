package dev.penstock.inference;

import dev.penstock.config.Settings;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that are open. Each is opened when it is first asked for, one at a time, and closed
 * again when it has been idle for long, when its files have changed, or when another needs its
 * memory; never while somebody uses it. A failure is told to those who waited; who asks after them
 * tries again.
 */
final class ModelEngines implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelEngines.class);
  private static final long CLOSE_SECONDS = 30;
  private static final Duration TIDY_EVERY = Duration.ofSeconds(1);

  private final ModelCatalogue catalogue;
  private final ModelMemory memory;
  private final Opener opener;
  private final LongSupplier nanoTime;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("model-opener").daemon().factory());

  /** By model; failed ones stay until somebody asks again. Guards itself and what is in it. */
  private final Map<String, Slot> slots = new HashMap<>();

  /** Their files have changed, but somebody uses them still. Guarded by {@link #slots}. */
  private final Set<Slot> outdated = new HashSet<>();

  /** The name of the model that stays open. Guarded by {@link #slots}. */
  private String kept = "";

  private boolean closed;

  /** Opens a model; on one platform thread. */
  interface Opener {
    ModelEngine open(ModelSpec spec) throws Exception;
  }

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  ModelEngines(ModelCatalogue catalogue, ModelMemory memory, Opener opener, LongSupplier nanoTime) {
    this.catalogue = catalogue;
    this.memory = memory;
    this.opener = opener;
    this.nanoTime = nanoTime;
    thread.scheduleWithFixedDelay(
        this::tidy, TIDY_EVERY.toMillis(), TIDY_EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * @param data the data folder
   */
  static ModelEngines start(
      ModelCatalogue catalogue,
      Settings.Model limits,
      Settings.Inference settings,
      Path data,
      Device device,
      BatchRun.Listener listener) {
    return new ModelEngines(
        catalogue,
        ModelMemory.of(limits),
        spec -> ModelEngine.open(spec, device, settings, data, listener),
        System::nanoTime);
  }

  /** A model that is open, and stays so until this is closed. Closing it again does nothing. */
  final class Use implements AutoCloseable {
    private final Slot slot;
    private final AtomicBoolean done = new AtomicBoolean();

    private Use(Slot slot) {
      this.slot = slot;
    }

    ModelEngine engine() {
      return slot.engine.resultNow();
    }

    @Override
    public void close() {
      if (done.compareAndSet(false, true)) {
        release(slot);
      }
    }
  }

  /** One model, open or under way, with its users. */
  private static final class Slot {
    final ModelSpec spec;
    final long bytes;
    final CompletableFuture<ModelEngine> engine = new CompletableFuture<>();
    int users;
    long idleSince;

    Slot(ModelSpec spec, long bytes) {
      this.spec = spec;
      this.bytes = bytes;
    }

    boolean failed() {
      return engine.isCompletedExceptionally();
    }

    boolean idle() {
      return users == 0 && engine.state() == CompletableFuture.State.SUCCESS;
    }
  }

  /** The model of that name; aliases are resolved where requests come in. */
  Optional<ModelSpec> find(String name) {
    return catalogue.find(name).filter(spec -> spec.name().equals(name));
  }

  /** Words for a task whose model is not there, or not any more. */
  String whyNone(String name) {
    String reason = catalogue.broken().get(name);
    return reason == null
        ? "no model is called '" + name + "'"
        : "model " + name + " cannot be used: " + reason;
  }

  /**
   * The open model; opens it when need be and waits for it. Empty when the memory that models may
   * take is in use: try again later.
   */
  Optional<Use> acquire(ModelSpec spec) throws InterruptedException, ModelFailure {
    Optional<Slot> slot = start(spec, true);
    if (slot.isEmpty()) {
      return Optional.empty();
    }
    boolean open = false;
    try {
      slot.get().engine.get();
      open = true;
      return Optional.of(new Use(slot.get()));
    } catch (ExecutionException e) {
      throw new ModelFailure(spec.name(), e.getCause());
    } finally {
      if (!open) {
        release(slot.get());
      }
    }
  }

  /**
   * Begins to open the model, and keeps it open from now on. A failure is logged and shows in
   * {@link #status}.
   */
  void keepOpen(ModelSpec spec) {
    synchronized (slots) {
      kept = spec.name();
    }
    reopenKept();
  }

  private void reopenKept() {
    try {
      Optional<ModelSpec> missing;
      synchronized (slots) {
        missing = closed || slots.containsKey(kept) ? Optional.empty() : catalogue.find(kept);
      }
      if (missing.isPresent()) {
        var _ = start(missing.get(), false);
      }
    } catch (ModelFailure e) {
      LOG.debug("the default model is not opened: {}", e.reason());
    }
  }

  private Optional<Slot> start(ModelSpec spec, boolean use) throws ModelFailure {
    long bytes = memory.need(spec);
    synchronized (slots) {
      if (closed) {
        throw new ModelFailure(spec.name(), new Work.Stopped());
      }
      Slot slot = slots.get(spec.name());
      if (slot == null || slot.failed() || !slot.spec.equals(spec)) {
        if (slot != null) {
          drop(slot);
        }
        slot = new Slot(spec, bytes);
        Optional<String> never = memory.whyNever(bytes, spec.name().equals(kept) ? 0 : keptBytes());
        if (never.isPresent()) {
          slots.put(spec.name(), slot);
          slot.engine.completeExceptionally(new IllegalStateException(never.get()));
        } else if (makeRoom(bytes)) {
          slots.put(spec.name(), slot);
          Slot opening = slot;
          thread.execute(() -> open(opening));
        } else {
          return Optional.empty();
        }
      }
      slot.users += use ? 1 : 0;
      return Optional.of(slot);
    }
  }

  private long keptBytes() {
    Slot slot = slots.get(kept);
    return slot == null || slot.failed() ? 0 : slot.bytes;
  }

  /** Closes idle models, the longest unused first, if that gives room enough. */
  private boolean makeRoom(long bytes) {
    long used =
        Stream.concat(slots.values().stream(), outdated.stream())
            .filter(slot -> !slot.failed())
            .mapToLong(slot -> slot.bytes)
            .sum();
    List<Slot> idle =
        slots.values().stream()
            .filter(slot -> slot.idle() && !slot.spec.name().equals(kept))
            .sorted(Comparator.comparingLong(slot -> slot.idleSince))
            .toList();
    List<Slot> going = new ArrayList<>();
    for (Slot slot : idle) {
      if (memory.fits(used + bytes)) {
        break;
      }
      going.add(slot);
      used -= slot.bytes;
    }
    if (!memory.fits(used + bytes)) {
      return false;
    }
    for (Slot slot : going) {
      LOG.info("model {} is closed: another needs its memory", slot.spec.name());
      drop(slot);
    }
    return true;
  }

  private void release(Slot slot) {
    synchronized (slots) {
      slot.users--;
      slot.idleSince = nanoTime.getAsLong();
      if (slot.users == 0 && outdated.remove(slot)) {
        closeLater(slot);
      }
    }
  }

  /** Forgets it; closes it now or with its last use. Holds {@link #slots}. */
  private void drop(Slot slot) {
    slots.remove(slot.spec.name(), slot);
    if (slot.users == 0) {
      closeLater(slot);
    } else if (!slot.failed()) {
      outdated.add(slot);
    }
  }

  /** On the thread that opens: whoever needs the memory comes after it there. */
  private void closeLater(Slot slot) {
    if (!slot.failed() && !closed) {
      thread.execute(() -> closeNow(slot));
    }
  }

  private static void closeNow(Slot slot) {
    if (slot.engine.state() == CompletableFuture.State.SUCCESS) {
      slot.engine.resultNow().close();
    }
  }

  /** Closes what has been idle for long or is not in the catalogue any more. */
  private void tidy() {
    try {
      List<ModelSpec> known = catalogue.all();
      synchronized (slots) {
        for (Slot slot : closed ? List.<Slot>of() : List.copyOf(slots.values())) {
          String name = slot.spec.name();
          long idle = nanoTime.getAsLong() - slot.idleSince;
          if (!known.contains(slot.spec)) {
            LOG.info("model {} is not used any more: its files have changed", name);
            drop(slot);
          } else if (slot.idle() && !name.equals(kept) && memory.idleTooLong(idle)) {
            LOG.info("model {} is closed: nobody used it for {}", name, memory.longestIdle());
            drop(slot);
          }
        }
      }
      reopenKept();
    } catch (RuntimeException | Error e) {
      LOG.error("closing idle models failed", e); // thrown on, it would end the timer
    }
  }

  /** One for each model, broken ones included. */
  List<EngineStatus> status() {
    return Stream.concat(
            catalogue.all().stream().map(this::status),
            catalogue.broken().entrySet().stream()
                .map(broken ->
                    unopened(broken.getKey(), EngineStatus.State.FAILED, broken.getValue())))
        .toList();
  }

  /** Closes every model; running batches finish, waiting work is told. */
  @Override
  public void close() {
    List<Slot> open;
    synchronized (slots) {
      closed = true;
      open = Stream.concat(slots.values().stream(), outdated.stream()).toList();
    }
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a model is still being opened; left alone");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    open.forEach(ModelEngines::closeNow);
  }

  private void open(Slot slot) {
    ModelSpec spec = slot.spec;
    try {
      ModelEngine engine = opener.open(spec);
      synchronized (slots) {
        slot.idleSince = nanoTime.getAsLong();
      }
      slot.engine.complete(engine);
    } catch (Exception | Error e) {
      String reason = OpenFailure.describe(spec, e);
      LOG.error("model {} cannot be opened: {}", spec.name(), reason);
      if (OpenFailure.isTheFiles(spec, e)) {
        catalogue.markBroken(spec, reason);
      }
      slot.engine.completeExceptionally(e);
      synchronized (slots) {
        outdated.remove(slot);
      }
    }
  }

  private EngineStatus status(ModelSpec spec) {
    Slot slot;
    synchronized (slots) {
      slot = slots.get(spec.name());
    }
    if (slot == null) {
      return unopened(spec.name(), EngineStatus.State.CLOSED, "");
    }
    return switch (slot.engine.state()) {
      case RUNNING -> unopened(spec.name(), EngineStatus.State.OPENING, "");
      case SUCCESS -> slot.engine.resultNow().status();
      case FAILED, CANCELLED ->
          unopened(
              spec.name(),
              EngineStatus.State.FAILED,
              new ModelFailure(spec.name(), slot.engine.exceptionNow()).reason());
    };
  }

  private static EngineStatus unopened(String model, EngineStatus.State state, String message) {
    return new EngineStatus(model, state, "", 0, 0, 0, message);
  }
}
