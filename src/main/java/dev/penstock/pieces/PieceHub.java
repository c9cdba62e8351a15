package dev.penstock.pieces;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.PiecesEnd;
import dev.penstock.bus.Event.PiecesFound;
import dev.penstock.bus.Event.PiecesSought;
import dev.penstock.bus.Event.PiecesTold;
import dev.penstock.bus.Event.PiecesWanted;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.task.TaskId;
import io.vertx.core.Future;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pieces that pass through this node: runs put them here, readers read them here, and other
 * nodes are sent what they listen to. Whoever puts never waits: a thread of the hub's own rings
 * bells and sends.
 */
public final class PieceHub implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PieceHub.class);
  private static final long LOOK_EVERY_MS = 250;
  private static final long CLEAN_EVERY = TimeUnit.SECONDS.toNanos(1);

  private final Post post;
  private final PieceLimits limits;
  private final LongSupplier clock;
  private final ConcurrentMap<TaskId, TaskPieces> tasks = new ConcurrentHashMap<>();
  private final Memory memory;
  private final RecentEnds ends = new RecentEnds();
  private final Listeners listeners;
  private final Search search;
  private final AtomicLong ages = new AtomicLong();

  /** What has news for its readers or for other nodes. */
  private final Queue<TaskPieces> marked = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean called = new AtomicBoolean();
  private final Semaphore work = new Semaphore(0);
  private volatile boolean closed;
  private long announcedAt;
  private long cleanedAt;

  PieceHub(Post post, PieceLimits limits, LongSupplier clock) {
    this.post = post;
    this.limits = limits;
    this.clock = clock;
    memory = new Memory(limits.all());
    listeners = new Listeners(post, limits, tasks, ends);
    search = new Search(post);
    announcedAt = clock.getAsLong();
    cleanedAt = announcedAt;
  }

  /** The hub of a node that has this bus; it does nothing before it is started. */
  public static PieceHub over(Bus bus) {
    return new PieceHub(Post.over(bus), PieceLimits.ofThisProcess(), System::nanoTime);
  }

  /** Serves the bus from now on. The future ends when all nodes know that it listens. */
  public Future<?> start(Bus bus) {
    bus.serve(PutPieces.class, this::put);
    bus.serve(EndPieces.class, this::end);
    bus.serve(HeardPieces.class, this::heard);
    Thread.ofVirtual().name("pieces").start(this::loop);
    return Future.all(
        bus.listenAll(PiecesWanted.class, this::wanted),
        bus.listenAll(PiecesSought.class, this::sought),
        bus.listen(bus.node(), PiecesTold.class, this::told),
        bus.listen(bus.node(), PiecesFound.class, this::found));
  }

  private void loop() {
    try {
      while (!closed) {
        if (work.tryAcquire(LOOK_EVERY_MS, TimeUnit.MILLISECONDS)) {
          called.set(false);
        }
        try {
          tick();
        } catch (RuntimeException | Error e) {
          LOG.error("telling of pieces failed", e);
        }
        // Behind it, so that what comes alone is told at once.
        Thread.sleep(limits.gather());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  boolean clustered() {
    return post.clustered();
  }

  boolean put(PutPieces request) {
    boolean taken = false;
    TaskPieces task;
    do {
      task = task(request.emitter().id());
      taken =
          task.put(
              request.emitter().run(),
              request.resumed(),
              request.offset(),
              request.pieces(),
              clock.getAsLong());
    } while (!taken && task.forgotten());
    if (taken) {
      changed(task);
    }
    return taken;
  }

  boolean end(EndPieces request) {
    TaskId id = request.emitter().id();
    long run = request.emitter().run();
    var end = new PiecesEnd(request.count(), request.done());
    if (request.done()) {
      ends.add(id, run, end); // first: who begins to read meanwhile finds it there
    } else {
      ends.forget(id, run); // should it have said otherwise before
    }
    TaskPieces task = tasks.get(id);
    if (task != null) {
      task.ended(run, end, clock.getAsLong());
      changed(task);
    } else if (request.done()) {
      listeners.ended(id);
      call();
    }
    return true;
  }

  /** What is kept here and elsewhere of the run before. */
  List<byte[]> heard(HeardPieces request) {
    TaskId id = request.emitter().id();
    long run = request.emitter().run();
    TaskPieces task = tasks.get(id);
    TaskPieces.Found found = task == null ? null : task.before(run, request.from());
    if (post.clustered()) {
      found = search.best(id, run, request.from(), request.patience(), found);
    }
    return found == null ? List.of() : found.pieces();
  }

  /**
   * Begins to read a task's pieces.
   *
   * @param bell rung from any thread when there may be news; it must not wait
   */
  public PieceReader read(TaskId id, Position from, Runnable bell) {
    TaskPieces task;
    PieceReader reader;
    do {
      task = task(id);
      reader = new PieceReader(this, task, from, bell);
    } while (!task.join(reader));
    RecentEnds.Ended ended = ends.of(id);
    if (ended != null) {
      task.ended(ended.run(), ended.end(), clock.getAsLong());
    }
    PiecesWanted wanted = clustered() ? task.wanted(post.node(), limits.credit(), true) : null;
    if (wanted != null) {
      post.tellAll(wanted);
    }
    return reader;
  }

  void leave(TaskPieces task, PieceReader reader) {
    task.leave(reader, clock.getAsLong());
  }

  private TaskPieces task(TaskId id) {
    while (true) {
      TaskPieces task =
          tasks.computeIfAbsent(
              id,
              _ -> {
                var made =
                    new TaskPieces(id, ages.getAndIncrement(), limits.task(), clock.getAsLong());
                memory.add(made);
                return made;
              });
      if (!task.forgotten()) {
        return task;
      }
      tasks.remove(id, task);
    }
  }

  /** Its pieces have changed: it is looked after soon. */
  private void changed(TaskPieces task) {
    memory.changed(task);
    if (task.marked.compareAndSet(false, true)) {
      marked.add(task);
      call();
    }
  }

  private void call() {
    if (called.compareAndSet(false, true)) {
      work.release();
    }
  }

  /** A node listens. On an event loop. */
  void wanted(PiecesWanted event) {
    if (!event.node().equals(post.node())) {
      listeners.wanted(event);
      call();
    }
  }

  /** A node has sent what is listened to here. On an event loop. */
  void told(PiecesTold event) {
    TaskPieces task = tasks.get(event.task());
    if (task == null || event.node().equals(post.node())) {
      return;
    }
    boolean lost = task.told(event, clock.getAsLong());
    changed(task);
    String source = lost ? event.node() : task.lowOnCredit(limits.credit());
    PiecesWanted wanted = source == null ? null : task.wanted(post.node(), limits.credit(), false);
    if (source != null && wanted != null) {
      post.tell(source, lost ? again(wanted) : wanted);
    }
  }

  private static PiecesWanted again(PiecesWanted wanted) {
    return new PiecesWanted(
        wanted.node(), wanted.task(), wanted.run(), wanted.next(), wanted.credit(), true);
  }

  /** A run elsewhere asks what is known here of those before it. On an event loop. */
  void sought(PiecesSought event) {
    TaskPieces task = tasks.get(event.task());
    TaskPieces.@Nullable Found found =
        task == null || event.node().equals(post.node())
            ? null
            : task.before(event.run(), event.from());
    if (found != null) {
      List<String> texts = TaskPieces.texts(found.pieces());
      post.tell(event.node(), new PiecesFound(event.task(), found.run(), event.from(), texts));
    }
  }

  /** An answer to what a run here asked. On an event loop. */
  void found(PiecesFound event) {
    search.found(event);
  }

  /** Rings the bells of who reads what has changed, and sends to nodes. One at a time. */
  void tick() {
    long now = clock.getAsLong();
    listeners.hear(now);
    for (TaskPieces task = marked.poll(); task != null; task = marked.poll()) {
      task.marked.set(false); // first: what comes from now on is for the next time
      task.readers.forEach(PieceReader::ring);
      listeners.due(task.id);
    }
    listeners.send();
    if (clustered() && now - announcedAt >= limits.announce().toNanos()) {
      announcedAt = now;
      announce();
    }
    if (now - cleanedAt >= CLEAN_EVERY) {
      cleanedAt = now;
      listeners.lapse(now);
      clean(now);
    }
  }

  private void announce() {
    for (TaskPieces task : tasks.values()) {
      PiecesWanted wanted = task.wanted(post.node(), limits.credit(), true);
      if (wanted != null) {
        post.tellAll(wanted);
      }
    }
  }

  private void clean(long now) {
    for (TaskPieces task : tasks.values()) {
      if (task.forget(now, limits.keep().toNanos(), limits.keepSilent().toNanos())) {
        tasks.remove(task.id, task);
        memory.remove(task);
      }
    }
  }

  /** The bytes that all pieces cost, and the tasks that they are of. */
  long bytes() {
    return memory.bytes();
  }

  int tasks() {
    return tasks.size();
  }

  @Override
  public void close() {
    closed = true;
    work.release();
  }
}
