package dev.penstock.engine;

import dev.penstock.config.Settings;
import dev.penstock.engine.trial.Trials;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelPlace;
import dev.penstock.models.ModelSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that are open. Each is opened when it is first asked for, one at a time, and closed
 * again when it has been idle for long, when its files have changed, or when another needs its
 * memory; never while somebody uses it. A failure is told to those who waited; who asks after them
 * tries again.
 */
public final class ModelEngines implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelEngines.class);
  private static final long CLOSE_SECONDS = 30;
  private static final Duration TIDY_EVERY = Duration.ofSeconds(1);

  private final ModelCatalogue catalogue;
  private final ModelMemory memory;
  private final Backends backends;
  private final EngineParts parts;
  private final LongSupplier nanoTime;
  private final @Nullable Trials trials;

  /** Waits for trials, so that models which need none open meanwhile. */
  private final ExecutorService trying =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("model-trier").daemon().factory());

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("model-opener").daemon().factory());

  /** By model; failed ones stay until somebody asks again. Guards itself and what is in it. */
  private final Map<String, ModelSlot> slots = new HashMap<>();

  /** Their files have changed, but somebody uses them still. Guarded by {@link #slots}. */
  private final Set<ModelSlot> outdated = new HashSet<>();

  /** The names of the models that stay open. Guarded by {@link #slots}. */
  private final Set<String> kept = new LinkedHashSet<>();

  /** What other processes of this node have open. Guarded by {@link #slots}. */
  private final List<Elsewhere> elsewhere = new ArrayList<>();

  private boolean closed;

  private record Elsewhere(MemoryNeed need, Runnable wanted) {}

  /**
   * A directory that a model is opened from.
   *
   * @param files its files' fingerprint as it was first looked at
   */
  private record Opened(ModelPlace place, String files) {
    boolean stands() throws IOException {
      return place.read().fingerprint().equals(files);
    }
  }

  /** Every model is opened untried. */
  ModelEngines(
      ModelCatalogue catalogue,
      ModelMemory memory,
      Backends backends,
      EngineParts parts,
      LongSupplier nanoTime) {
    this(catalogue, memory, backends, parts, nanoTime, null);
  }

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   * @param trials null: every model is opened untried
   */
  ModelEngines(
      ModelCatalogue catalogue,
      ModelMemory memory,
      Backends backends,
      EngineParts parts,
      LongSupplier nanoTime,
      @Nullable Trials trials) {
    this.trials = trials;
    this.catalogue = catalogue;
    this.memory = memory;
    this.backends = backends;
    this.parts = parts;
    this.nanoTime = nanoTime;
    var _ =
        thread.scheduleWithFixedDelay(
            this::tidy, TIDY_EVERY.toMillis(), TIDY_EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Starts with no model open: each opens when it is first asked for.
   *
   * @param trials null: every model is opened untried
   */
  public static ModelEngines start(
      ModelCatalogue catalogue,
      Settings.Model limits,
      Backends backends,
      EngineParts parts,
      @Nullable Trials trials) {
    return new ModelEngines(
        catalogue, ModelMemory.of(limits), backends, parts, System::nanoTime, trials);
  }

  /** A model that is open, and stays so until this is closed. Closing it again does nothing. */
  public final class Use implements AutoCloseable {
    private final ModelSlot slot;
    private final AtomicBoolean done = new AtomicBoolean();

    private Use(ModelSlot slot) {
      this.slot = slot;
    }

    /**
     * What the model can do.
     *
     * @param kind the interface or class by which models of its kind are used
     */
    public <E> E engine(Class<E> kind) {
      return kind.cast(slot.engine.resultNow());
    }

    @Override
    public void close() {
      if (done.compareAndSet(false, true)) {
        release(slot);
      }
    }
  }

  /** The model of that kind and name; aliases are resolved where requests come in. */
  public Optional<ModelSpec> find(String name, String kind) {
    return catalogue.find(name, kind).filter(spec -> spec.name().equals(name));
  }

  /** Words for a task whose model is not there, or not any more. */
  public String whyNone(String name, String kind) {
    return catalogue
        .whyNone(name, kind)
        .map(reason -> "model " + name + " cannot be used: " + reason)
        .orElse("no model is called '" + name + "'");
  }

  /**
   * The open model; opens it when need be and waits for it. Empty when the memory that models may
   * take is in use: try again later.
   */
  public Optional<Use> acquire(ModelSpec spec) throws InterruptedException, ModelFailure {
    Optional<ModelSlot> slot = start(spec, true);
    if (slot.isEmpty()) {
      return Optional.empty();
    }
    boolean open = false;
    try {
      slot.get().engine.get();
      open = true;
      return Optional.of(new Use(slot.get()));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof NeverOpens never) {
        catalogue.markBroken(spec, String.valueOf(never.getMessage()));
      }
      throw new ModelFailure(spec.name(), e.getCause());
    } finally {
      if (!open) {
        release(slot.get());
      }
    }
  }

  /** The model, if it is open. Does not wait. */
  public Optional<Use> acquireOpen(ModelSpec spec) {
    synchronized (slots) {
      ModelSlot slot = slots.get(spec.name());
      if (closed || slot == null || !slot.open() || !slot.spec.equals(spec)) {
        return Optional.empty();
      }
      slot.users++;
      return Optional.of(new Use(slot));
    }
  }

  /**
   * Begins to open the models, and keeps them open from now on. A failure is logged and shows in
   * {@link #status}.
   */
  public void keepOpen(List<ModelSpec> specs) {
    synchronized (slots) {
      specs.forEach(spec -> kept.add(spec.name()));
    }
    reopenKept();
  }

  private void reopenKept() {
    List<String> missing;
    synchronized (slots) {
      missing =
          closed ? List.of() : kept.stream().filter(name -> !slots.containsKey(name)).toList();
    }
    for (String name : missing) {
      Optional<ModelSpec> spec = catalogue.find(name);
      try {
        if (spec.isPresent()) {
          var _ = start(spec.get(), false);
        }
      } catch (ModelFailure e) {
        LOG.debug("a default model is not opened: {}", e.reason());
      }
    }
  }

  /**
   * Takes memory for a copy of the model that another process opens; idle ones are closed for it.
   *
   * @param wanted told when a model here needs that memory, which goes before; must not block
   * @return gives it back, once that process has closed the model. Empty: there is no room now
   */
  public Optional<Runnable> takeElsewhere(ModelSpec spec, Runnable wanted) {
    synchronized (slots) {
      MemoryNeed need = backends.need(spec, parts);
      if (closed || !makeRoom(need)) {
        return Optional.empty();
      }
      var taken = new Elsewhere(need, wanted);
      elsewhere.add(taken);
      return Optional.of(() -> giveBack(taken));
    }
  }

  private void giveBack(Elsewhere taken) {
    synchronized (slots) {
      elsewhere.remove(taken);
    }
  }

  private Optional<ModelSlot> start(ModelSpec spec, boolean use) throws ModelFailure {
    Optional<ModelSlot> started = startWhereRoomIs(spec, use);
    if (started.isEmpty()) {
      wantedFor(spec).forEach(Runnable::run); // not under the lock: who is told has its own
    }
    return started;
  }

  /** Who has to give memory back for that model; nobody where that would not be enough. */
  private List<Runnable> wantedFor(ModelSpec spec) {
    synchronized (slots) {
      return memory.toClose(idle(), used().plus(backends.need(spec, parts))).isEmpty()
          ? List.of()
          : elsewhere.stream().map(Elsewhere::wanted).toList();
    }
  }

  private Optional<ModelSlot> startWhereRoomIs(ModelSpec spec, boolean use) throws ModelFailure {
    synchronized (slots) {
      if (closed) {
        throw new ModelFailure(spec.name(), new EngineStopped());
      }
      ModelSlot slot = slots.get(spec.name());
      if (slot == null || slot.failed() || !slot.spec.equals(spec)) {
        if (slot != null) {
          drop(slot);
        }
        MemoryNeed need = backends.need(spec, parts);
        slot = new ModelSlot(spec, need);
        Optional<String> never = memory.whyNever(need, kept(spec.name()));
        if (never.isPresent()) {
          slots.put(spec.name(), slot);
          slot.engine.completeExceptionally(new NeverOpens(never.get()));
        } else if (makeRoom(need)) {
          slots.put(spec.name(), slot);
          ModelSlot opening = slot;
          thread.execute(() -> begin(opening));
        } else {
          return Optional.empty();
        }
      }
      slot.users += use ? 1 : 0;
      return Optional.of(slot);
    }
  }

  /** What those take that stay open, one apart. */
  private MemoryNeed kept(String but) {
    return slots.values().stream()
        .filter(slot -> kept.contains(slot.name()) && !slot.name().equals(but) && !slot.failed())
        .map(slot -> slot.need)
        .reduce(MemoryNeed.NOTHING, MemoryNeed::plus);
  }

  /** Closes idle models, the longest unused first, if that gives room enough. */
  private boolean makeRoom(MemoryNeed need) {
    MemoryNeed wanted =
        elsewhere.stream().map(Elsewhere::need).reduce(used().plus(need), MemoryNeed::plus);
    Optional<List<ModelSlot>> going = memory.toClose(idle(), wanted);
    if (going.isEmpty()) {
      return false;
    }
    for (ModelSlot slot : going.get()) {
      LOG.info("model {} is closed: another needs its memory", slot.name());
      drop(slot);
    }
    return true;
  }

  /** What those take that are open here. */
  private MemoryNeed used() {
    return Stream.concat(slots.values().stream(), outdated.stream())
        .filter(slot -> !slot.failed())
        .map(slot -> slot.need)
        .reduce(MemoryNeed.NOTHING, MemoryNeed::plus);
  }

  /** Those that may be closed. */
  private List<ModelSlot> idle() {
    return slots.values().stream()
        .filter(slot -> slot.idle() && !kept.contains(slot.name()))
        .toList();
  }

  private void release(ModelSlot slot) {
    synchronized (slots) {
      slot.users--;
      slot.idleSince = nanoTime.getAsLong();
      if (slot.users == 0 && outdated.remove(slot)) {
        closeLater(slot);
      }
    }
  }

  /** Forgets it; closes it now or with its last use. Holds {@link #slots}. */
  private void drop(ModelSlot slot) {
    slots.remove(slot.name(), slot);
    if (slot.users == 0) {
      closeLater(slot);
    } else if (!slot.failed()) {
      outdated.add(slot);
    }
  }

  /** On the thread that opens: whoever needs the memory comes after it there. */
  private void closeLater(ModelSlot slot) {
    if (!slot.failed() && !closed) {
      thread.execute(slot::close);
    }
  }

  /** Closes what has been idle for long or is not in the catalogue any more. */
  private void tidy() {
    try {
      List<ModelSpec> known = catalogue.all();
      synchronized (slots) {
        for (ModelSlot slot : closed ? List.<ModelSlot>of() : List.copyOf(slots.values())) {
          String name = slot.name();
          long idle = nanoTime.getAsLong() - slot.idleSince;
          if (slot.failed() && !known.contains(slot.spec)) {
            slots.remove(name); // the catalogue says what is wrong with it
          } else if (!known.contains(slot.spec)) {
            LOG.info("model {} is not used any more: its files have changed", name);
            drop(slot);
          } else if (slot.idle() && !kept.contains(name) && memory.idleTooLong(idle)) {
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
  public List<EngineStatus> status() {
    return Stream.concat(
            catalogue.all().stream().map(this::status),
            catalogue.broken().entrySet().stream()
                .map(broken ->
                    EngineStatus.unopened(
                        broken.getKey(), EngineStatus.State.FAILED, broken.getValue())))
        .toList();
  }

  /** Closes every model; running batches finish, waiting work is told. */
  @Override
  public void close() {
    List<ModelSlot> open;
    synchronized (slots) {
      closed = true;
      open = Stream.concat(slots.values().stream(), outdated.stream()).toList();
    }
    var _ = trying.shutdownNow();
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a model is still being opened; left alone");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (trials != null) {
      trials.stop();
    }
    for (ModelSlot slot : open) {
      slot.close();
      slot.engine.completeExceptionally(new EngineStopped()); // where it has not begun to open
    }
  }

  /** A model in a directory opens here once it has opened in a child process. */
  private void begin(ModelSlot slot) {
    try {
      requireRest(slot.spec);
      Optional<ModelPlace> place = catalogue.place(slot.spec);
      @Nullable Opened from =
          place.isEmpty() ? null : new Opened(place.get(), place.get().read().fingerprint());
      Trials first = trials;
      if (backends.apart(slot.spec)) {
        openApart(slot, from);
      } else if (from == null || first == null || first.passed(slot.name(), from.files)) {
        open(slot, from);
      } else {
        trying.execute(() -> tryOut(slot, first, from));
      }
    } catch (RejectedExecutionException e) {
      fail(slot, new EngineStopped());
    } catch (Exception | Error e) {
      fail(slot, e);
    }
  }

  /** On a thread of its own: it waits for another process, and nobody has to wait for that. */
  private void openApart(ModelSlot slot, @Nullable Opened from) {
    Thread.ofVirtual().name("model-apart").start(() -> open(slot, from));
  }

  private void tryOut(ModelSlot slot, Trials first, Opened from) {
    try {
      first.run(slot.spec, from.place, from.files);
      thread.execute(() -> open(slot, from));
    } catch (InterruptedException | RejectedExecutionException e) {
      fail(slot, new EngineStopped());
    } catch (Exception | Error e) {
      fail(slot, e);
    }
  }

  /**
   * @param from null: no directory of models.dir
   */
  private void open(ModelSlot slot, @Nullable Opened from) {
    try {
      requireRest(slot.spec);
      requireUse(slot);
      ModelEngine engine =
          from == null || trials == null || backends.apart(slot.spec)
              ? backends.open(slot.spec, parts)
              : marked(slot.spec, trials);
      requireSame(engine, from);
      boolean wanted;
      synchronized (slots) {
        slot.idleSince = nanoTime.getAsLong();
        wanted = slot.engine.complete(engine) && isOurs(slot);
      }
      if (!wanted) {
        engine.close(); // it was dropped meanwhile, or all is over
      }
    } catch (Exception | Error e) {
      fail(slot, e);
    }
  }

  /** The mark is gone before anybody uses the model: what comes then is a text's fault. */
  private ModelEngine marked(ModelSpec spec, Trials marks) throws Exception {
    marks.begin(spec.name());
    try {
      return backends.open(spec, parts);
    } finally {
      marks.end(spec.name());
    }
  }

  /** It may have read other files than were looked at. */
  private static void requireSame(ModelEngine opened, @Nullable Opened from)
      throws FilesChanging, IOException {
    boolean same = false;
    try {
      same = from == null || from.stands();
    } finally {
      if (!same) {
        opened.close();
      }
    }
    if (!same) {
      throw new FilesChanging();
    }
  }

  /** One that was dropped while it was tried would stay open for good. */
  private void requireUse(ModelSlot slot) throws FilesChanging {
    synchronized (slots) {
      if (!isOurs(slot)) {
        throw new FilesChanging();
      }
    }
  }

  /** Whether somebody will close it. Holds {@link #slots}. */
  private boolean isOurs(ModelSlot slot) {
    return slots.get(slot.name()) == slot || outdated.contains(slot);
  }

  private void requireRest(ModelSpec spec) throws FilesChanging {
    if (!catalogue.stands(spec)) {
      throw new FilesChanging();
    }
  }

  private void fail(ModelSlot slot, Throwable cause) {
    slot.engine.completeExceptionally(told(slot.spec, cause));
    synchronized (slots) {
      outdated.remove(slot);
    }
  }

  /** Tells trouble that lasts from what may pass, and says which it is. */
  private Throwable told(ModelSpec spec, Throwable cause) {
    if (cause instanceof EngineStopped) {
      return cause;
    }
    String reason = OpenFailure.describe(spec, cause);
    // Whatever is wrong with files that somebody is writing may be right in a moment.
    if (cause instanceof FilesChanging || !catalogue.stands(spec)) {
      LOG.debug("model {} is not opened now: its files are changing", spec.name());
      return new FilesChanging();
    }
    if (OpenFailure.lasts(spec, cause)) {
      catalogue.markBroken(spec, reason);
      return new NeverOpens(reason);
    }
    LOG.error("model {} cannot be opened now: {}", spec.name(), reason);
    return cause;
  }

  private EngineStatus status(ModelSpec spec) {
    synchronized (slots) {
      ModelSlot slot = slots.get(spec.name());
      return slot == null
          ? EngineStatus.unopened(spec.name(), EngineStatus.State.CLOSED, "")
          : slot.status();
    }
  }
}
