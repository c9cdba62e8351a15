package dev.penstock.dispatch;

import dev.penstock.base.SteadyClock;
import dev.penstock.base.Ticker;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.DirectRunsRest;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.LanesPaused;
import dev.penstock.bus.Event.WorkerLeft;
import dev.penstock.bus.Event.WorkerSeen;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.CancelTasks;
import dev.penstock.bus.Request.CountRun;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.bus.Request.DeleteTasks;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.bus.Request.FindSteps;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.ListTasks;
import dev.penstock.bus.Request.PauseLane;
import dev.penstock.bus.Request.PurgeLane;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.bus.Request.ReadHistory;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.RetryTasks;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.config.Settings;
import dev.penstock.core.Part;
import dev.penstock.core.RetryPolicy;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.task.TaskId;
import io.micrometer.core.instrument.Tags;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the dispatcher's requests on the bus, and keeps the Sweeper and the Scheduler going. */
public final class DispatchVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(DispatchVerticle.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final int DEAD_AT_A_TIME = 500;
  private static final Duration ABANDONED_EVERY = Duration.ofSeconds(3);
  private static final Duration RELEASE_EVERY = Duration.ofSeconds(2);
  private static final int RELEASED_AT_A_TIME = 500;
  private static final int RELEASE_ROUNDS = 20;
  private static final Duration UNSERVED_EVERY = Duration.ofSeconds(5);
  private static final Duration SCHEDULE_EVERY = Duration.ofMillis(200);

  /** How often the meters' figures are read: a reader of meters must not wait for the store. */
  private static final Duration FIGURES_EVERY = Duration.ofSeconds(2);

  private final Bus bus;
  private final TaskStore store;
  private final TaskQueue queue;
  private final Settings settings;
  private final Meters meters;
  private final ChildCheck childCheck;
  private final RetryTimes retryTimes;
  private final String node;
  private Runnable atTheEnd = () -> {};
  private final List<Ticker> tickers = new ArrayList<>();

  /**
   * @param childCheck as strict as what checks the tasks of clients; may block
   * @param retryTimes may block
   */
  public DispatchVerticle(
      Bus bus,
      TaskStore store,
      TaskQueue queue,
      Settings settings,
      Meters meters,
      ChildCheck childCheck,
      RetryTimes retryTimes) {
    this.bus = bus;
    this.store = store;
    this.queue = queue;
    this.settings = settings;
    this.meters = meters;
    this.childCheck = childCheck;
    this.retryTimes = retryTimes;
    this.node = bus.node();
  }

  @Override
  public Future<?> start() {
    var task = settings.task();
    var clock = InstantSource.system();
    var recorder = new Recorder(meters, clock);
    var pauses = new Pauses(store, lanes -> bus.tell(node, new LanesPaused(lanes)));
    var unsent = new Unsent(store, queue);
    var lease = settings.lease();
    var absence = new Absence(lease.duration(), lease.extendEvery(), System::nanoTime);
    var chores = new Chores(store, node, absence);
    var room = new StoreRoom(store, settings.store()::maxBytes, chores::held, System::nanoTime);
    var submissions = new Submissions(store, queue, recorder, clock, unsent, room);
    var families = new Families(store, queue, recorder, unsent);
    var dispatcher =
        new Dispatcher(
            store,
            queue,
            bus,
            meters,
            recorder,
            pauses,
            new Settlements(
                store,
                new RetryPolicy(task.retryBase(), task.retryCap()),
                retryTimes,
                new ChildSpecs(childCheck, clock),
                task.maxLost(),
                () -> room.full() || store.trouble().isPresent()),
            families,
            settings.lease().duration(),
            clock,
            unsent);
    var byHand = new ManualChanges(store, dispatcher, families);
    var figures = new FigureBoard(store, pauses, recorder, clock, meters);
    bus.serve(SubmitTasks.class, submissions::submit);
    bus.serve(LeaseTasks.class, request -> lease(dispatcher, request));
    bus.serve(ExtendLeases.class, request -> extend(dispatcher, absence, request));
    bus.serve(SettleTasks.class, request -> dispatcher.settle(request.ended()));
    bus.serve(
        CountRun.class,
        request -> {
          recorder.ranNow(request.ended());
          return true;
        });
    bus.serve(FindTask.class, request -> store.find(request.id()));
    bus.serve(FindTasks.class, request -> store.findAll(request.ids()));
    bus.serve(GlanceAtTasks.class, request -> store.glance(request.ids()));
    bus.serve(FindSteps.class, request -> store.steps(request.id()));
    bus.serve(
        ListTasks.class, request -> store.list(request.filter(), request.after(), request.limit()));
    bus.serve(FindChildren.class, new FoundChildren(store)::find);
    bus.serve(CancelTask.class, byHand::cancel);
    bus.serve(CancelTasks.class, byHand::cancel);
    bus.serve(RetryTask.class, byHand::retry);
    bus.serve(RetryTasks.class, byHand::retry);
    bus.serve(DeleteTask.class, byHand::delete);
    bus.serve(DeleteTasks.class, byHand::delete);
    bus.serve(PurgeLane.class, byHand::purge);
    bus.serve(
        PauseLane.class,
        request -> {
          pauses.pause(request.lane(), request.paused());
          return request.paused();
        });
    bus.serve(ReadFigures.class, _ -> figures.figures());
    bus.serve(ReadHistory.class, request -> store.history(clock.instant().minus(request.last())));
    bus.serve(ReadDispatchHealth.class, _ -> health(room));
    var deaths =
        new Deaths(
            store,
            dispatcher,
            node,
            task.maxLost(),
            System::nanoTime,
            left -> bus.tell(node, new DirectRunsRest(left)));
    var presence =
        new Presence(
            System::nanoTime,
            bus::tellAll,
            node,
            Settings.silence(settings.lease()),
            who -> deaths.died(who));
    bus.serve(ReadWorkers.class, _ -> presence.workers());
    tickers.add(Ticker.start("chores", Chores.RENEW_EVERY, chores));
    var sweeper =
        new Sweeper(
            store,
            dispatcher,
            lease.margin(),
            task.maxLost(),
            absence,
            () -> living(presence, absence, lease));
    tickers.add(Ticker.start("sweeper", settings.lease().sweepEvery(), chores.mine(sweeper)));
    tickers.add(Ticker.start("expiry", Expiry.EVERY, chores.mine(new Expiry(store))));
    tickers.add(Ticker.start("store-room", LOOK_EVERY, room));
    var rescuer =
        new Rescuer(store, queue, SteadyClock.start(), clock, lease.duration().multipliedBy(2));
    tickers.add(Ticker.start("rescuer", settings.lease().sweepEvery(), chores.mine(rescuer)));
    tickers.add(
        Ticker.start(
            "dead-letters",
            settings.lease().sweepEvery(),
            chores.mine(() -> queue.takeDead(DEAD_AT_A_TIME, dispatcher::dead))));
    tickers.add(
        Ticker.start("scheduler", SCHEDULE_EVERY, chores.mine(new Scheduler(store, dispatcher))));
    tickers.add(Ticker.start("unbegun", SCHEDULE_EVERY, chores.mine(dispatcher::expireUnbegun)));
    keepFamilies(chores, dispatcher, families);
    tickers.add(Ticker.start("unsent", LOOK_EVERY, unsent));
    tickers.add(
        Ticker.start(
            "deaths",
            LOOK_EVERY,
            () -> {
              var _ = presence.workers();
              deaths.run();
            }));
    tickers.add(Ticker.start("deliveries", LOOK_EVERY, dispatcher::lookAfterDeliveries));
    if (Settings.knowsAllNodes(settings)) {
      var unserved =
          new Unserved(() -> figures.figures().lanes(), presence::workers, System::nanoTime);
      tickers.add(Ticker.start("unserved", UNSERVED_EVERY, chores.mine(unserved)));
    }
    tickers.add(Ticker.start("figures", FIGURES_EVERY, figures::figures));
    meters.gauge("penstock.workers", Tags.empty(), presence, Presence::thatRunTasks);
    atTheEnd =
        () -> {
          leave();
          chores.giveUp();
          recorder.flushIfPossible(store);
        };
    // Before anybody leases: a lane that was paused when the program stopped is paused still.
    Future<?> refreshed =
        vertx.executeBlocking(() -> {
          deaths.takeOver();
          chores.run();
          pauses.refreshIfPossible();
          room.run();
          return null;
        });
    return Future.all(
        refreshed.otherwiseEmpty(),
        bus.listenAll(WorkerSeen.class, presence::seen),
        bus.listenAll(WorkerLeft.class, presence::left),
        bus.listenAll(DrainWorker.class, presence::drain));
  }

  /**
   * Who lives. While the store did not answer nobody could extend a lease: what lapses soon after
   * is nobody's death.
   */
  private static Optional<Living> living(
      Presence presence, Absence absence, Settings.LeaseTimes lease) {
    return presence
        .living()
        .map(known ->
            absence.answeredFor(lease.duration().plus(lease.margin())) ? known : Living.UNKNOWN);
  }

  /** What it leaves behind is no death. Where the store is away it has to look like one. */
  private void leave() {
    try {
      store.leave(node);
    } catch (RuntimeException e) {
      LOG.debug("the end of this process is not noted: {}", e.toString());
    }
  }

  private void keepFamilies(Chores chores, Dispatcher dispatcher, Families families) {
    var cancels = new Cancels(store, dispatcher, families);
    var abandoned = new Abandoned(store, cancels, families);
    tickers.add(Ticker.start("late-ends", LOOK_EVERY, families));
    tickers.add(Ticker.start("abandoned", LOOK_EVERY, chores.mine(abandoned)));
    // Whoever does the chores may be the one who died with them.
    tickers.add(Ticker.start("abandoned-elsewhere", ABANDONED_EVERY, abandoned));
    tickers.add(
        Ticker.start(
            "late-inserts",
            LateInserts.EVERY,
            chores.mine(new LateInserts(store, families, cancels))));
    tickers.add(
        Ticker.start(
            "missed-ends",
            LOOK_EVERY,
            chores.mine(new MissedEnds(store, families, System::nanoTime))));
    tickers.add(
        Ticker.start("released", RELEASE_EVERY, chores.mine(() -> release(store.children()))));
  }

  private static void release(ChildStore children) {
    int rounds = 0;
    while (children.releaseForgotten(RELEASED_AT_A_TIME) > 0 && rounds < RELEASE_ROUNDS) {
      rounds++;
    }
  }

  private static Set<TaskId> extend(Dispatcher dispatcher, Absence absence, ExtendLeases request) {
    try {
      Set<TaskId> lost = dispatcher.extend(request);
      absence.extended();
      return lost;
    } catch (Unavailable e) {
      absence.notExtended();
      throw e;
    }
  }

  private static Leased lease(Dispatcher dispatcher, LeaseTasks request) {
    try {
      return dispatcher.lease(request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.unknown("interrupted", e);
    }
  }

  /** A full store is no reason to send requests elsewhere: much can be done that needs no room. */
  private List<Part> health(StoreRoom room) {
    Optional<String> trouble = store.fullness().isPresent() ? Optional.empty() : store.trouble();
    Part kept =
        trouble.isEmpty()
            ? room.fullness()
                .map(full -> Part.degraded("store", full))
                .orElse(part("store", trouble))
            : part("store", trouble);
    return List.of(kept, part("queue", queue.trouble()));
  }

  private static Part part(String name, Optional<String> trouble) {
    return new Part(name, trouble.isEmpty(), trouble.orElse("ok"));
  }

  @Override
  public Future<?> stop() {
    return vertx.executeBlocking(() -> {
      tickers.forEach(Ticker::close);
      bus.serveNothing();
      atTheEnd.run();
      return null;
    });
  }
}
