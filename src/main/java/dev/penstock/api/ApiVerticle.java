package dev.penstock.api;

import static dev.penstock.web.Route.Access.ADMIN;
import static dev.penstock.web.Route.Access.EITHER;
import static dev.penstock.web.Route.Access.KEY;
import static dev.penstock.web.Route.Access.OPEN;
import static dev.penstock.web.Route.Access.SCRAPER;
import static dev.penstock.web.Route.Access.WORKER;
import static dev.penstock.web.Route.delete;
import static dev.penstock.web.Route.get;
import static dev.penstock.web.Route.post;
import static dev.penstock.web.Route.postForWork;
import static dev.penstock.web.Route.postPerhaps;

import dev.penstock.api.worker.LaneNames;
import dev.penstock.api.worker.RemoteWorkers;
import dev.penstock.api.worker.WorkerChildren;
import dev.penstock.api.worker.WorkerLeases;
import dev.penstock.api.worker.WorkerPieces;
import dev.penstock.api.worker.WorkerResults;
import dev.penstock.api.worker.WorkerRuns;
import dev.penstock.base.Room;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.TaskEnded;
import dev.penstock.bus.Event.TaskSettled;
import dev.penstock.bus.Event.WorkerSeen;
import dev.penstock.config.Settings;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.pieces.PieceHub;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Sessions;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.generation.GenerationInput.Shape;
import dev.penstock.types.generation.GenerationSettings;
import dev.penstock.web.BodyReader;
import dev.penstock.web.CannotListen;
import dev.penstock.web.Connections;
import dev.penstock.web.Pipeline;
import dev.penstock.web.Query;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import dev.penstock.web.Routes;
import dev.penstock.web.Routes.Match;
import dev.penstock.web.Shares;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP server: its event loop moves bytes, and every request is answered on a virtual thread of
 * its own. Deploy one instance.
 */
public final class ApiVerticle extends VerticleBase {
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int MAX_REQUEST_LINE = 8 * 1024;
  private static final long LOOK_EVERY_MS = 1_000;
  private static final long WATCH_EVERY_MS = 500;

  /** A filter of tasks, and nothing more. */
  private static final int MAX_FILTER = 16 * 1024;

  private static final int MAX_POLL = 64 * 1024;
  private static final int MAX_EXTEND = 1024 * 1024;

  /** 64 KiB and one piece more, in JSON. */
  private static final int MAX_PIECES = 256 * 1024;

  /** 2,048 vectors of 2,048 floats in base64, or the largest result in JSON. */
  private static final int MAX_RESULT = 24 * 1024 * 1024;

  /** Of the heap, for what answers are made of. */
  private static final int SHARE_OF_REPLIES = 8;

  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
  private static final Duration SEARCH_PATIENCE = Duration.ofSeconds(5);
  private static final Duration SOCKETS_CLOSE = Duration.ofSeconds(2);

  private static final Pattern DECODABLE = Pattern.compile("/(?:[^%]|%[0-9a-fA-F]{2})*+");

  private final Settings settings;
  private final ApiKeys keys;
  private final Sessions sessions;
  private final Waiters waiters;
  private final Waiters chats;
  private final DirectAnswers direct;
  private final Watches watches;

  /** So long a request may be held with nothing said. */
  private final Duration longestHold;

  private final EndedElsewhere ended;
  private final Bus bus;
  private final PieceHub pieces;
  private final RemoteWorkers remoteWorkers;
  private final String node;
  private final Routes routes;
  private final BodyReader bodies;
  private final Shares shares;
  private final Room replies =
      new Room(
          Math.max(3L * TaskType.MAX_RESULT, Runtime.getRuntime().maxMemory() / SHARE_OF_REPLIES));
  private @Nullable Pipeline pipeline;
  private @Nullable HttpServer server;
  private volatile boolean stopping;

  /**
   * @param pieces of results, for who follows tasks
   * @param types of the tasks that are taken
   * @param node the name under which this node is told of ended tasks
   * @param metrics all meters in Prometheus's text format
   * @param pages what browsers are shown, to those of the sessions
   */
  public ApiVerticle(
      Bus bus,
      PieceHub pieces,
      Settings settings,
      ApiKeys keys,
      Sessions sessions,
      ModelCatalogue models,
      TaskTypes types,
      String node,
      Supplier<String> metrics,
      List<Route> pages) {
    this.bus = bus;
    this.pieces = pieces;
    remoteWorkers = new RemoteWorkers(worker -> bus.tellAll(new WorkerSeen(worker)));
    this.settings = settings;
    this.keys = keys;
    this.sessions = sessions;
    this.node = node;
    int body = settings.http().maxBodyBytes();
    bodies = new BodyReader(settings.http().readTimeout(), Math.max(body, MAX_RESULT));
    shares = new Shares(settings, bodies.room());
    waiters = new Waiters(bus, shares.heldRequests(), settings.http().abandonAfter());
    // Nobody comes back for them within a moment, and each has a slot of a model.
    chats = new Waiters(bus, shares.heldChats(), Duration.ZERO);
    watches = new Watches(bus);
    longestHold = longest(settings, types);
    ended =
        new EndedElsewhere(
            bus,
            task -> {
              waiters.settled(task);
              chats.settled(task);
            });
    var submitter = new Submitter(bus, waiters);
    direct = new DirectAnswers(bus, settings.http().abandonAfter());
    var embeddings = new EmbeddingsResource(settings, models, types, submitter, direct, node);
    var catalogue = new ModelsResource(models);

    var all = new ArrayList<Route>();
    all.add(post("/v1/embeddings", KEY, body, embeddings::create));
    all.add(
        post("/openai/deployments/{deployment}/embeddings", KEY, body, embeddings::ofDeployment));
    all.addAll(completions(models, types));
    all.add(get("/v1/models", KEY, catalogue::list));
    all.add(get("/v1/models/{model}", KEY, catalogue::get));
    all.addAll(tasks(models, types, submitter));
    all.addAll(queues());
    all.addAll(remote(models, types));
    all.addAll(keys(models, types));
    all.addAll(dropIn(models, types, submitter));
    all.addAll(DocsResource.files(types));
    all.addAll(pages);
    if (!settings.has(Settings.Role.HTTP)) {
      all.clear();
    }
    all.addAll(operations(metrics));
    routes = new Routes(all);
  }

  private static Duration longest(Settings settings, TaskTypes types) {
    Duration chats = types.settings(GenerationSettings.class).syncTimeout();
    Duration others = settings.http().syncTimeout();
    return chats.compareTo(others) > 0 ? chats : others;
  }

  private List<Route> completions(ModelCatalogue models, TaskTypes types) {
    var submitter = new Submitter(bus, chats);
    var made = new CompletionsResource(settings, models, types, submitter, pieces, bus, node);
    var kept = new KeptCompletions(bus, new OwnTasks(bus, types), submitter, watches, pieces);
    int body = settings.http().maxBodyBytes();
    return List.of(
        post("/v1/chat/completions", KEY, body, made::chat),
        get("/v1/chat/completions/{id}", KEY, kept.get(Shape.CHAT)),
        delete("/v1/chat/completions/{id}", KEY, Query.none(kept::delete)),
        post("/v1/completions", KEY, body, made::text),
        get("/v1/completions/{id}", KEY, kept.get(Shape.TEXT)),
        delete("/v1/completions/{id}", KEY, Query.none(kept::delete)));
  }

  private List<Route> tasks(ModelCatalogue models, TaskTypes types, Submitter submitter) {
    var own = new OwnTasks(bus, types);
    var filters = new TaskFilters(models);
    var turns = new SearchTurns(shares.searches(), SEARCH_PATIENCE);
    var tasks = new TasksResource(bus, own, filters, turns);
    var changes = new TaskChanges(bus, own, filters, turns);
    var submits = new SubmitResource(new TaskRequests(settings, models, types), submitter, node);
    var events = new TaskEvents(own, watches, pieces, types);
    int body = settings.http().maxBodyBytes();
    var all = new ArrayList<Route>();
    all.add(post("/v1/tasks", KEY, body, Query.none(submits::create)));
    all.add(get("/v1/tasks", KEY, tasks::list));
    all.add(post("/v1/tasks/cancel", KEY, MAX_FILTER, Query.none(changes::cancelAll)));
    all.add(post("/v1/tasks/retry", KEY, MAX_FILTER, Query.none(changes::retryAll)));
    all.add(post("/v1/tasks/delete", KEY, MAX_FILTER, Query.none(changes::deleteAll)));
    for (String prefix : List.of("/v1/tasks", "/tasks")) {
      all.add(get(prefix + "/{id}", KEY, Query.none(tasks::get)));
      all.add(get(prefix + "/{id}/result", EITHER, Query.none(tasks::result)));
    }
    all.add(get("/v1/tasks/{id}/events", EITHER, Query.none(events::stream)));
    all.add(delete("/v1/tasks/{id}", KEY, Query.none(changes::delete)));
    all.add(post("/v1/tasks/{id}/cancel", KEY, 0, Query.none(changes::cancel)));
    all.add(postPerhaps("/v1/tasks/{id}/retry", KEY, MAX_FILTER, Query.none(changes::retry)));
    return all;
  }

  private List<Route> queues() {
    var workers = new WorkersResource(bus);
    var queues = new QueuesResource(bus, workers);
    return List.of(
        get("/v1/queues", KEY, Query.none(queues::list)),
        get("/v1/queues/{lane}", KEY, Query.none(queues::get)),
        post("/v1/queues/{lane}/pause", ADMIN, 0, Query.none(queues::pause)),
        post("/v1/queues/{lane}/resume", ADMIN, 0, Query.none(queues::resume)),
        post("/v1/queues/{lane}/purge", ADMIN, 0, Query.none(queues::purge)),
        get("/v1/workers", KEY, Query.none(workers::list)),
        post("/v1/workers/{id}/drain", ADMIN, 0, Query.none(workers::drain)));
  }

  private List<Route> keys(ModelCatalogue models, TaskTypes types) {
    var resource = new KeysResource(keys, new NewKeys(keys, new LaneNames(models, types)));
    return List.of(
        post("/v1/keys", ADMIN, KeysResource.MAX_BODY, Query.none(resource::create)),
        get("/v1/keys", ADMIN, Query.none(resource::list)),
        delete("/v1/keys/{id}", ADMIN, Query.none(resource::revoke)));
  }

  /** What remote workers call. A worker that ends its work may do so while the node stops. */
  private List<Route> remote(ModelCatalogue models, TaskTypes types) {
    var lanes = new LaneNames(models, types);
    var lease = settings.lease().duration();
    var workerPieces = new WorkerPieces(bus);
    var leases =
        new WorkerLeases(bus, lanes, remoteWorkers, shares.workerPolls(), lease, () -> stopping);
    var runs =
        new WorkerRuns(
            bus, lanes, remoteWorkers, new WorkerResults(models, types), workerPieces, lease);
    return List.of(
        postForWork("/v1/worker/lease", WORKER, MAX_POLL, Query.none(leases::lease)),
        post("/v1/worker/extend", WORKER, MAX_EXTEND, Query.none(runs::extend)),
        post("/v1/worker/pieces", WORKER, MAX_PIECES, Query.none(workerPieces::put)),
        post("/v1/worker/settle", WORKER, MAX_RESULT, Query.none(runs::settle)),
        post("/v1/worker/children", WORKER, MAX_POLL, Query.none(new WorkerChildren(bus)::find)));
  }

  private List<Route> dropIn(ModelCatalogue models, TaskTypes types, Submitter submitter) {
    var dropIn = new DropInResource(settings, models, types, submitter, new OwnTasks(bus, types));
    return List.of(
        post("/api/v1/embedding", KEY, settings.http().maxBodyBytes(), dropIn::create),
        get("/api/v1/embedding/models", KEY, dropIn::models),
        get("/api/v1/embedding/{task_id}", KEY, dropIn::get));
  }

  private List<Route> operations(Supplier<String> metrics) {
    var health = new HealthResource(bus, settings.has(Settings.Role.HTTP), () -> stopping);
    return List.of(
        get("/health", OPEN, health::summary),
        get("/health/live", OPEN, health::live),
        get("/health/ready", OPEN, health::ready),
        get("/api/health", OPEN, health::summary),
        get("/metrics", SCRAPER, _ -> Reply.text(PROMETHEUS, metrics.get())),
        get("/docs", OPEN, new DocsResource()::page));
  }

  @Override
  public Future<?> start() {
    Settings.Http http = settings.http();
    var connections =
        new Connections(vertx, options(), shares, http.readTimeout(), http.idleTimeout());
    var requests =
        new Pipeline(context, keys, sessions, bodies, connections, shares, replies, settings);
    pipeline = requests;
    bus.listen(
        node,
        TaskSettled.class,
        event -> {
          waiters.settled(event.task());
          chats.settled(event.task());
          watches.settled(event.task());
        });
    bus.listenAll(
        DrainWorker.class, event -> remoteWorkers.drain(event.worker(), event.startedAt()));
    bus.listen(node, TaskEnded.class, event -> ended.ended(event.id()));
    every(LOOK_EVERY_MS, "waiters", waiters::look);
    every(LOOK_EVERY_MS, "abandoned", waiters::drop);
    every(LOOK_EVERY_MS, "chats", chats::look);
    every(LOOK_EVERY_MS, "abandoned-chats", chats::drop);
    every(LOOK_EVERY_MS, "abandoned-runs", direct::drop);
    every(WATCH_EVERY_MS, "watches", watches::look);
    Router router = routes.router(vertx, (found, match) -> requests.accept(found.request(), match));
    server =
        vertx
            .createHttpServer(options())
            .connectionHandler(connections::opened)
            .invalidRequestHandler(requests::refuse)
            .requestHandler(request -> lead(request, router, requests));
    String host = settings.api().host();
    int port = settings.api().port();
    return server
        .listen(port, host)
        .recover(e -> Future.failedFuture(new CannotListen(host, port, e)));
  }

  /** The router itself answers paths that cannot be decoded, and not in our error shape. */
  private static void lead(HttpServerRequest request, Router router, Pipeline requests) {
    if (!requests.wellFormed(request)) {
      return;
    }
    String path = request.path();
    if (path == null || !DECODABLE.matcher(path).matches()) {
      requests.accept(request, new Match.Unknown());
    } else {
      router.handle(request);
    }
  }

  private HttpServerOptions options() {
    Settings.Http http = settings.http();
    // A held request moves no bytes, so the server may not call it idle; Connections and Pipeline
    // keep the closer limits.
    long silent = longestHold.plus(http.idleTimeout()).toSeconds() + 1;
    return new HttpServerOptions()
        .setIdleTimeout((int) Math.min(Integer.MAX_VALUE, silent))
        .setIdleTimeoutUnit(TimeUnit.SECONDS)
        .setMaxHeaderSize(MAX_HEADERS)
        .setMaxInitialLineLength(MAX_REQUEST_LINE)
        .setHttp2ClearTextEnabled(false)
        .setTcpNoDelay(true);
  }

  private interface Chore {
    void run() throws InterruptedException;
  }

  private void every(long millis, String name, Chore chore) {
    vertx.setPeriodic(
        millis,
        _ ->
            Thread.ofVirtual()
                .name(name)
                .start(() -> {
                  try {
                    chore.run();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
  }

  private void release() {
    waiters.release();
    chats.release();
  }

  /** The port that the server listens on. Only once it is deployed. */
  public int port() {
    if (server == null) {
      throw new IllegalStateException("the server has not started");
    }
    return server.actualPort();
  }

  /**
   * Takes no new work from now on: not ready, and every POST is refused. The future ends when the
   * requests under way have been answered; those still held after {@code shutdown.timeout} are
   * answered as pending. May be called from any thread, and again.
   */
  public Future<Void> drain() {
    stopping = true;
    Pipeline requests = pipeline;
    if (requests == null) {
      return Future.succeededFuture();
    }
    long timer =
        vertx.setTimer(Math.max(1, settings.shutdown().timeout().toMillis()), _ -> release());
    return Future.fromCompletionStage(requests.drain(), context)
        .timeout(
            settings.shutdown().timeout().plus(SOCKETS_CLOSE).toMillis(), TimeUnit.MILLISECONDS)
        .otherwiseEmpty()
        .onComplete(_ -> vertx.cancelTimer(timer));
  }

  @Override
  public Future<?> stop() {
    release();
    return server == null
        ? Future.succeededFuture()
        : server.shutdown(SOCKETS_CLOSE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What each key has of what all use. */
  public Shares shares() {
    return shares;
  }

  /** The bytes of bodies in memory, for the test that each of them is given back. */
  long bytesOfBodies() {
    return bodies.taken();
  }

  /** The bytes that answers hold, for the same. */
  long bytesOfReplies() {
    return replies.taken();
  }

  /** The requests that have come and are not answered, for the same of those. */
  int requestsInFlight() {
    Pipeline requests = pipeline;
    return requests == null ? 0 : requests.inFlight();
  }

  /** All that the server answers, for the test that compares it with openapi.yaml. */
  Routes routes() {
    return routes;
  }
}
