package dev.penstock.start;

import static dev.penstock.start.Parts.await;

import dev.penstock.admin.Dashboard;
import dev.penstock.api.ApiVerticle;
import dev.penstock.api.TaskIntake;
import dev.penstock.base.ForwardClock;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Cluster;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.core.Part;
import dev.penstock.dispatch.DispatchVerticle;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.NativeLibraries;
import dev.penstock.metrics.HttpLabels;
import dev.penstock.metrics.MeterLimit;
import dev.penstock.metrics.Meters;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.pieces.PieceHub;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Sessions;
import dev.penstock.security.WrongKeys;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.types.ServedLanes;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.Share;
import dev.penstock.web.Shares;
import dev.penstock.worker.WorkerVerticle;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.net.URI;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** One running Penstock: builds every part, starts them in order and stops them in reverse. */
final class Node implements AutoCloseable {
  private static final int NAME_DIGITS = 12;
  private static final Duration JOIN = Duration.ofMinutes(1);
  private static final Duration CONNECTING = Duration.ofSeconds(3);
  private static final Duration HEALTH = Duration.ofSeconds(2);
  private static final Duration MODELS = Duration.ofMinutes(5);
  private static final int METERS_OF_A_NAME = 2_000;

  private final Settings settings;
  private final Parts parts;
  private final ApiKeys keys;
  private final WorkerParts worker;
  private final Bus bus;
  private final WorkerVerticle inference;
  private final ApiVerticle http;

  /** What a test may put before the ports, to break them. */
  record Ports(UnaryOperator<TaskStore> store, UnaryOperator<TaskQueue> queue) {
    static final Ports AS_THEY_ARE = new Ports(UnaryOperator.identity(), UnaryOperator.identity());
  }

  /** Answers HTTP when it returns; the default models may still be opening. */
  static Node start(Loaded settings) throws Exception {
    return start(settings, Ports.AS_THEY_ARE, Abilities.BUILT_IN);
  }

  static Node start(Loaded settings, Ports ports, Abilities abilities) throws Exception {
    var parts = new Parts();
    try {
      return new Node(settings, ports, abilities, parts);
    } catch (Exception | Error e) {
      parts.stop();
      throw e;
    }
  }

  private Node(Loaded loaded, Ports ports, Abilities abilities, Parts parts) throws Exception {
    this.settings = loaded.settings();
    this.parts = parts;
    boolean external = Storage.external(settings);
    String name = "node-" + UUID.randomUUID().toString().substring(0, NAME_DIGITS);
    ModelCatalogue catalogue = abilities.catalogue(settings);
    abilities.checkDefaults(catalogue, loaded, ServedLanes.ALL);
    DataFolder.prepare(settings.data().dir());
    OpenFolders.warn(settings);
    NativeLibraries.prepare(settings.data().dir());
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry.config().meterFilter(new MeterLimit(METERS_OF_A_NAME));
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    var garbage = new JvmGcMetrics();
    garbage.bindTo(registry);
    parts.started("metrics", garbage::close);
    new ProcessorMetrics().bindTo(registry);
    var meters = new Meters(registry);

    // Native libraries and the model take longest: they load beside the rest.
    var opening =
        new FutureTask<>(
            () -> WorkerParts.open(loaded, abilities, catalogue, name, meters, !external));
    Thread.ofPlatform().name("open-models").daemon().start(opening);

    Vertx vertx = vertx(registry, settings.cluster());
    parts.started("event loops", () -> await(vertx.close()));
    var known = new KnownDatabase(settings.db().path(), settings.data().dir());
    if (!external) {
      known.check();
      DataFolder.prepareDatabase(settings.db().path());
    }
    Storage storage = Storage.open(settings, vertx, meters);
    parts.started("storage", storage::close);
    if (!external) {
      known.opened();
    }
    TaskStore store = ports.store().apply(storage.tasks());
    TaskQueue queue = ports.queue().apply(storage.queue());
    keys = ApiKeys.open(settings, storage.keys());
    meters.counter("penstock.keys.wrong", Tags.empty(), keys.wrong(), WrongKeys::count);
    bus = Bus.over(vertx, name);
    var pieces = PieceHub.over(bus);
    await(pieces.start(bus));
    parts.started("pieces", pieces::close);
    String dispatch =
        await(
            vertx.deployVerticle(
                new DispatchVerticle(
                    bus,
                    store,
                    queue,
                    settings,
                    meters,
                    new ChildInputs(catalogue, () -> types(opening)),
                    new OwnRetryTimes(
                        () -> opening.isDone() ? Optional.of(types(opening)) : Optional.empty()))));
    parts.started("dispatch", () -> await(vertx.undeploy(dispatch)));

    // The first start with a GPU unpacks and loads hundreds of megabytes.
    worker = await(opening, MODELS);
    parts.started("models", worker::close);
    inference = new WorkerVerticle(bus, worker, worker.board(), name, settings, meters, true);
    String workers = await(vertx.deployVerticle(inference));
    parts.started("workers", () -> await(vertx.undeploy(workers)));
    // Once more at the end: where http cannot start, leased work has to go back all the same.
    parts.started("leases", () -> inference.drain(Duration.ZERO));
    var sessions =
        new Sessions(settings.session().idle(), settings.session().max(), ForwardClock.start());
    var intake = new TaskIntake(bus, settings, catalogue, worker.types());
    http =
        new ApiVerticle(
            bus,
            pieces,
            settings,
            keys,
            sessions,
            catalogue,
            worker.types(),
            name,
            registry::scrape,
            new Dashboard(
                    bus, settings, keys, sessions, intake, worker::usableLanes, worker.types())
                .routes());
    for (Share share : http.shares().all()) {
      Tags tags = Tags.of("share", share.name());
      meters.gauge("penstock.share.used", tags, share, Share::used);
      meters.counter("penstock.share.refused", tags, share, Share::refused);
    }
    meters.counter("penstock.connections.crowded", Tags.empty(), http.shares(), Shares::crowdedOut);
    String deployment = await(vertx.deployVerticle(http));

    // Stops in reverse: no new work, running work ends, then those who still wait are told.
    parts.started("http", () -> await(vertx.undeploy(deployment)));
    parts.started("inference", () -> inference.drain(settings.shutdown().timeout()));
    parts.started("intake", http::drain);
  }

  private static TaskTypes types(FutureTask<WorkerParts> opening) {
    try {
      return await(opening, MODELS).types();
    } catch (Exception e) {
      throw Unavailable.refused("the task types are not known yet", e);
    }
  }

  private static Vertx vertx(PrometheusMeterRegistry registry, Settings.Cluster cluster)
      throws Exception {
    var metrics =
        new MicrometerMetricsOptions()
            .setEnabled(true)
            .addDisabledMetricsCategory(MetricsDomain.NAMED_POOLS)
            // Ours say more, and Vert.x registers some of these twice.
            .addDisabledMetricsCategory(MetricsDomain.EVENT_BUS)
            // Not HTTP_METHOD: that is whatever a stranger writes.
            .setLabels(EnumSet.of(Label.HTTP_CODE, Label.HTTP_ROUTE))
            .setServerRequestTagsProvider(HttpLabels::of);
    var options =
        new VertxOptions()
            .setMetricsOptions(metrics)
            .setFileSystemOptions(DataFolder.noFileCache());
    var builder = Vertx.builder().with(options).withMetrics(new MicrometerMetricsFactory(registry));
    return cluster.enabled()
        ? await(
            Cluster.join(builder, options, cluster).toCompletionStage().toCompletableFuture(), JOIN)
        : builder.build();
  }

  /**
   * Waits for the default models, with a limit, and says how they stand; empty where none is served
   * here.
   */
  List<EngineStatus> awaitModels(Duration limit) throws InterruptedException {
    long until = System.nanoTime() + limit.toNanos();
    while (true) {
      List<EngineStatus> models = worker.defaultModels();
      boolean settled =
          models.stream()
              .allMatch(model ->
                  switch (model.state()) {
                    case READY, FAILED -> true;
                    case CLOSED, OPENING -> false;
                  });
      if (settled || System.nanoTime() > until) {
        return models;
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  /**
   * What keeps it from taking or running work, part by part. Waits a little for what is only not
   * there yet.
   */
  List<Part> troubles() throws InterruptedException {
    long until = System.nanoTime() + CONNECTING.toNanos();
    List<Part> found = troublesNow();
    while (!found.isEmpty() && System.nanoTime() < until) {
      TimeUnit.MILLISECONDS.sleep(50);
      found = troublesNow();
    }
    return found;
  }

  private List<Part> troublesNow() throws InterruptedException {
    try {
      return bus.ask(new ReadDispatchHealth(), HEALTH).stream().filter(part -> !part.ok()).toList();
    } catch (Unavailable e) {
      return List.of(new Part("dispatch", false, String.valueOf(e.getMessage())));
    }
  }

  /** Whether other nodes may share its work. */
  boolean shares() {
    return settings.rabbitmq().used();
  }

  boolean takesRequests() {
    return settings.has(Settings.Role.HTTP);
  }

  URI uri() {
    String host = settings.api().host();
    return URI.create(
        "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + http.port());
  }

  /** Whether programs on this machine need no key. */
  boolean keyless() {
    return settings.auth().none();
  }

  ApiKeys keys() {
    return keys;
  }

  /** Refuses new work, finishes what runs, gives the rest back; then stops every part. */
  @Override
  public void close() {
    parts.stop();
  }
}
