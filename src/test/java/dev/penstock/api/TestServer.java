package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.admin.Dashboard;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.core.Scope;
import dev.penstock.engine.Backends;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.pieces.PieceHub;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.ApiKeys.Created;
import dev.penstock.security.Sessions;
import dev.penstock.start.SettingGroups;
import dev.penstock.storage.Storage;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.Route;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

/** A real server on a free port, with a scripted dispatcher behind it. */
public final class TestServer implements AutoCloseable {
  static final String KEY = "a-key-for-tests-only-0123456789";
  private static final int LIMIT_SECONDS = 20;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client = HttpClient.newHttpClient();
  private final ApiVerticle verticle;
  private final Path folder;

  /** For the keys beside the first one. */
  private final SqliteDatabase database;

  final Bus bus;
  private final PieceHub pieces;
  final ApiKeys keys;
  final Settings settings;
  public final ScriptedDispatcher dispatcher;

  /** What people are shown, which is no part of the contract. */
  final List<Route> pages;

  TestServer(Map<String, String> overrides) throws Exception {
    this(overrides, List.of());
  }

  /**
   * @param more routes beside those there are
   */
  TestServer(Map<String, String> overrides, List<Route> more) throws Exception {
    var given = new HashMap<String, String>();
    given.put("api.port", "0");
    given.put("auth.token", KEY);
    given.putAll(overrides);
    Loaded loaded = SettingGroups.load(given, Map.of(), null);
    settings = loaded.settings();
    bus = Bus.over(vertx, "test-node");
    dispatcher = new ScriptedDispatcher(bus);
    ModelCatalogue models = ModelCatalogue.load(Backends.BUILT_IN.forms(), null);
    var types = new TaskTypes(TaskTypes.BUILT_IN, List.of(), loaded);
    folder = Files.createTempDirectory("penstock-test-server");
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    keys = ApiKeys.open(settings, Storage.in(database, InstantSource.system()).keys());
    Sessions sessions =
        new Sessions(settings.session().idle(), settings.session().max(), InstantSource.system());
    TaskIntake intake = new TaskIntake(bus, settings, models, types);
    List<Lane> lanes = List.of(new Lane("embedding", "all-minilm-l6-v2"), new Lane("ping", null));
    pages =
        Stream.concat(
                new Dashboard(bus, settings, keys, sessions, intake, () -> lanes, types)
                    .routes().stream(),
                more.stream())
            .toList();
    pieces = PieceHub.over(bus);
    pieces.start(bus);
    verticle =
        new ApiVerticle(
            bus,
            pieces,
            settings,
            keys,
            sessions,
            models,
            types,
            "node",
            () -> "# metrics\n",
            pages);
    vertx
        .deployVerticle(verticle)
        .toCompletionStage()
        .toCompletableFuture()
        .get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  public static TestServer start() throws Exception {
    return new TestServer(Map.of());
  }

  /** Answers what the scripted dispatcher does not, or otherwise than it does. */
  public <R, T extends Request<R>> void serve(Class<T> type, Function<T, R> answer) {
    bus.serve(type, answer);
  }

  ApiVerticle verticle() {
    return verticle;
  }

  public ApiKeys keys() {
    return keys;
  }

  int port() {
    return verticle.port();
  }

  public HttpRequest.Builder request(String path) {
    return stranger(path).header("Authorization", "Bearer " + KEY);
  }

  /** A request without a key. */
  HttpRequest.Builder stranger(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
        .timeout(Duration.ofSeconds(LIMIT_SECONDS));
  }

  HttpResponse<String> get(String path) throws Exception {
    return send(request(path));
  }

  public HttpResponse<String> post(String path, String json, String... headers) throws Exception {
    var request =
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json));
    return send(headers.length == 0 ? request : request.headers(headers));
  }

  /** A new key of that owner. */
  String key(String owner, Scope... scopes) {
    return ((Created.Now) keys.create(owner, Set.of(scopes), null, null)).secret();
  }

  public HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** The specification of the only task there is. */
  TaskSpec submitted() {
    assertThat(dispatcher.tasks).hasSize(1);
    return dispatcher.tasks.values().iterator().next().spec();
  }

  /** Sends a request for embeddings and leaves its answer unread. */
  Socket hold(String body) throws IOException {
    return hold(body, KEY, body.length());
  }

  /**
   * The same.
   *
   * @param length said in the head, whatever follows
   */
  Socket hold(String body, String key, int length) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port());
    String head =
        "POST /v1/embeddings HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer "
            + key
            + "\r\nContent-Length: "
            + length
            + "\r\n\r\n";
    socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  public static JsonNode json(HttpResponse<String> reply) throws JsonProcessingException {
    return MAPPER.readTree(reply.body());
  }

  public static JsonNode error(HttpResponse<String> reply) throws JsonProcessingException {
    return json(reply).get("error");
  }

  static String header(HttpResponse<?> reply, String name) {
    return reply.headers().firstValue(name).orElse("(absent)");
  }

  @Override
  public void close() throws IOException {
    client.shutdownNow();
    pieces.close();
    vertx
        .close()
        .toCompletionStage()
        .toCompletableFuture()
        .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
        .join();
    database.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
