package dev.penstock.dispatch;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryPolicy;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A dispatcher and its parts over the real store and queue. */
public final class Rig implements AutoCloseable {
  static final Duration LEASE = Duration.ofSeconds(30);
  static final byte[] REFUSED = "\"refused\"".getBytes(StandardCharsets.UTF_8);
  static final TaskError ERROR = new TaskError(TaskError.Code.HANDLER_FAILED, "it broke");

  /** The node that TestTasks name as waiting for their end. */
  static final String NODE = "node-1";

  final SettableClock clock = new SettableClock();
  final Vertx vertx = Vertx.vertx();
  final Bus bus = Bus.over(vertx, "test-node");
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final Meters meters = new Meters(registry);
  final SqliteDatabase database;
  final TaskStore store;
  final TaskQueue queue;
  final Recorder recorder = new Recorder(meters, clock);
  final Pauses pauses;
  final Dispatcher dispatcher;
  final Unsent unsent;
  final Families families;
  final Submissions submissions;

  /** The bytes that tasks may take; the room looks when it is run. */
  final AtomicLong mostBytes = new AtomicLong(Long.MAX_VALUE);

  final StoreRoom room;
  final ManualChanges byHand;

  final Queue<TaskSpec> enqueued = new ConcurrentLinkedQueue<>();

  /** How often somebody has begun to wait for messages. */
  final AtomicInteger queueWaits = new AtomicInteger();

  /** What the waiting node and the worker were told. */
  final BlockingQueue<Event> told = new LinkedBlockingQueue<>();

  Rig(Path folder) {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    store = Storage.in(database, clock, clock::nanos).tasks();
    queue =
        new WatchedQueue(
            Storage.in(database, InstantSource.system()).queue(), queueWaits, enqueued);
    pauses = new Pauses(store, _ -> {});
    unsent = new Unsent(store, queue);
    families = new Families(store, queue, recorder, unsent);
    room = new StoreRoom(store, mostBytes::get, () -> true, () -> clock.millis() * 1_000_000);
    submissions = new Submissions(store, queue, recorder, clock, unsent, room);
    dispatcher =
        new Dispatcher(
            store,
            queue,
            bus,
            meters,
            recorder,
            pauses,
            new Settlements(
                store,
                new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(60)),
                new ChildSpecs(this::accept, clock),
                3,
                () -> room.full()),
            families,
            LEASE,
            clock,
            unsent);
    byHand = new ManualChanges(store, dispatcher, families);
    bus.listen(NODE, Event.TaskSettled.class, told::add);
    bus.listen("worker", Event.RunCancelled.class, told::add);
  }

  /** Any child is fine but one whose input says that it is not. */
  private Lane accept(Lane lane, byte[] input) {
    if (Arrays.equals(input, REFUSED)) {
      throw new InvalidInput("its input is no good");
    }
    return lane;
  }

  /** From now on tasks may take so many bytes. */
  void fillTo(long bytes) {
    mostBytes.set(bytes);
    room.run();
  }

  List<Submission> submit(TaskSpec... specs) {
    return submissions.submit(new SubmitTasks(List.of(specs))).answers();
  }

  List<LeasedTask> lease(Lane lane) throws InterruptedException {
    return lease(lane, Duration.ofMillis(1));
  }

  List<LeasedTask> lease(Lane lane, Duration patience) throws InterruptedException {
    return dispatcher
        .lease(
            new LeaseTasks("worker", lane, 10, 1 << 20, Priority.LOWEST, Suspects.SHOW, patience))
        .tasks();
  }

  SettleReply settle(LeasedTask leased, Outcome outcome) {
    return dispatcher
        .settle(List.of(new SettleTask(leased.task().id(), null, leased.lease().token(), outcome)))
        .getFirst();
  }

  /** The next thing that somebody was told. */
  Event nextTold() throws InterruptedException {
    Event event = told.poll(10, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("nothing was told");
    }
    return event;
  }

  @Override
  public void close() {
    queue.close();
    store.close();
    database.close();
    vertx.close().toCompletionStage().toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
  }
}
