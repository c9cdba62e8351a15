package dev.penstock.api;

import static dev.penstock.api.TestServer.KEY;
import static dev.penstock.api.TestServer.header;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import dev.penstock.web.Assets;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Web pages from elsewhere that use the API: what browsers ask, and what they are told. */
final class CorsTest {
  private static final String PAGE = "https://app.example.com";
  private static final String APP = "app://obsidian.md";
  private static final String OTHER = "https://elsewhere.example";
  private static final String ALLOW_ORIGIN = "Access-Control-Allow-Origin";
  private static final String ABSENT = "(absent)";

  /** What OpenAI's client for JavaScript sends from a page, and what a tracing library adds. */
  private static final String ASKED =
      "authorization,baggage,content-type,idempotency-key,openai-beta,openai-organization,"
          + "openai-project,traceparent,user-agent,x-stainless-arch,x-stainless-helper-method,"
          + "x-stainless-lang,x-stainless-os,x-stainless-package-version,x-stainless-retry-count,"
          + "x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout";

  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = new TestServer(Map.of("api.cors-origins", PAGE + ", " + APP, "http.max-body", "1KiB"));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private HttpResponse<String> preflight(String path, String origin) throws Exception {
    return preflight(server, path, origin);
  }

  /** As a browser asks: without a key. */
  private static HttpResponse<String> preflight(TestServer server, String path, String origin)
      throws Exception {
    return server.send(
        server
            .stranger(path)
            .headers("Origin", origin, "Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", ASKED)
            .method("OPTIONS", BodyPublishers.noBody()));
  }

  private HttpResponse<String> embed(HttpRequest.Builder request) throws Exception {
    return server.send(
        request
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"input\":\"a\"}")));
  }

  private static List<String> list(HttpResponse<?> reply, String name) {
    return Arrays.stream(header(reply, name).split(",", -1))
        .map(each -> each.strip().toLowerCase(Locale.ROOT))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {PAGE, APP, "HTTPS://APP.example.com"})
  void aBrowserIsToldWithoutAKeyThatItsPageMaySendWhatOpenAisClientSends(String origin)
      throws Exception {
    var told = preflight("/v1/embeddings", origin);
    assertThat(told.statusCode()).isEqualTo(204);
    assertThat(told.body()).isEmpty();
    assertThat(header(told, ALLOW_ORIGIN)).isEqualTo(origin);
    assertThat(list(told, "Access-Control-Allow-Methods")).contains("get", "post", "delete");
    assertThat(list(told, "Access-Control-Allow-Headers"))
        .contains("api-key", "x-request-id")
        .containsAll(List.of(ASKED.split(",", -1)));
    assertThat(header(told, "Access-Control-Max-Age")).isEqualTo("600");
    assertThat(list(told, "Vary")).contains("origin", "access-control-request-headers");
    assertThat(header(told, "Access-Control-Allow-Credentials")).isEqualTo(ABSENT);
  }

  @Test
  void namesThatAreNoneAreNotSaidAgain() throws Exception {
    var told =
        server.send(
            server
                .stranger("/v1/embeddings")
                .headers("Origin", PAGE, "Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "x-a, <script>")
                .method("OPTIONS", BodyPublishers.noBody()));
    assertThat(told.statusCode()).isEqualTo(204);
    assertThat(list(told, "Access-Control-Allow-Headers"))
        .contains("authorization")
        .doesNotContain("x-a", "<script>");
  }

  @Test
  void thePageReadsTheAnswerAndItsHead() throws Exception {
    var reply = embed(server.request("/v1/embeddings").header("Origin", PAGE));
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(header(reply, ALLOW_ORIGIN)).isEqualTo(PAGE);
    assertThat(header(reply, "Access-Control-Allow-Credentials")).isEqualTo(ABSENT);
    assertThat(list(reply, "Access-Control-Expose-Headers"))
        .contains("x-request-id", "retry-after", "location", "x-task-id");
  }

  /** Those that the contract names below {@code headers} of an answer, and of its components. */
  @Test
  void everyHeaderOfTheContractIsReadable() throws Exception {
    String contract = new String(Assets.read(Assets.OURS + "openapi.yaml"), StandardCharsets.UTF_8);
    var named = new TreeSet<String>();
    Pattern.compile("(?m)^( +)headers:\\n((?:\\1  .*\\n)+)")
        .matcher(contract)
        .results()
        .forEach(block ->
            Pattern.compile("(?m)^" + block.group(1) + "  ([A-Za-z-]+):")
                .matcher(block.group(2))
                .results()
                .forEach(name -> named.add(name.group(1).toLowerCase(Locale.ROOT))));
    assertThat(named).contains("retry-after", "x-queue-ms", "location");
    var reply = embed(server.request("/v1/embeddings").header("Origin", PAGE));
    named.remove("cache-control"); // each page may read it anyway
    assertThat(list(reply, "Access-Control-Expose-Headers")).containsAll(named);
  }

  @ParameterizedTest
  @CsvSource({
    "401, POST, /v1/embeddings, application/json, sk-wrong, {}",
    "400, POST, /v1/embeddings, application/json, " + KEY + ", {",
    "404, POST, /embeddings, application/json, " + KEY + ", {}",
    "404, GET, /v1/models/none, application/json, " + KEY + ", ''",
    "404, GET, /v1/%zz, application/json, " + KEY + ", ''",
    "405, PUT, /v1/embeddings, application/json, " + KEY + ", {}",
    "415, POST, /v1/embeddings, text/plain, " + KEY + ", {}",
  })
  void anErrorIsReadableToo(
      int status, String method, String path, String type, String key, String body)
      throws Exception {
    assertThat(preflight(path.replace("%", "%25"), PAGE).statusCode()).isEqualTo(204);
    String request =
        "%s %s HTTP/1.1\r\nHost: test\r\nOrigin: %s\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(method, path, PAGE, type, key, body.length(), body);
    var reply = raw(request);
    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(reply.headers()).containsEntry("access-control-allow-origin", PAGE);
    assertThat(reply.headers().get("access-control-expose-headers")).contains("x-should-retry");
  }

  private RawClient.Answer raw(String request) throws Exception {
    return RawClient.send(
        server.port(), request.getBytes(StandardCharsets.US_ASCII), Duration.ofSeconds(20));
  }

  @Test
  void whatIsTooLargeOrNotQuiteHttpIsReadableToo() throws Exception {
    String head = "POST /v1/embeddings HTTP/1.1\r\nHost: %s\r\nOrigin: " + PAGE + "\r\n";
    String rest =
        "Authorization: Bearer " + KEY + "\r\nContent-Type: application/json\r\n%s\r\n\r\n";
    for (var each :
        Map.of(
                413,
                (head + rest).formatted("test", "Content-Length: 2000"),
                400,
                (head + rest).formatted("a b", "Content-Length: 0"),
                431,
                (head + rest).formatted("test", "X-Long: " + "x".repeat(20_000)))
            .entrySet()) {
      var reply = raw(each.getValue());
      assertThat(reply.status()).isEqualTo(each.getKey());
      assertThat(reply.headers()).containsKey("vary");
      if (each.getKey() != 431) {
        assertThat(reply.headers()).containsEntry("access-control-allow-origin", PAGE);
      }
    }
  }

  @Test
  void aServerThatStopsSaysSoToThePage() throws Exception {
    var _ = server.verticle().drain();
    assertThat(preflight("/v1/embeddings", PAGE).statusCode()).isEqualTo(204);
    var reply = embed(server.request("/v1/embeddings").header("Origin", PAGE));
    assertThat(reply.statusCode()).isEqualTo(503);
    assertThat(header(reply, ALLOW_ORIGIN)).isEqualTo(PAGE);
    assertThat(header(reply, "Retry-After")).isNotEqualTo(ABSENT);
  }

  @Test
  void aStreamOfEventsIsReadable() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    var id =
        new TaskId(
            TestServer.json(server.post("/v1/tasks", "{\"type\":\"ping\"}")).get("id").asText());
    server.dispatcher.end(
        id, TaskState.COMPLETED, ScriptedDispatcher.json(new byte[] {'{', '}'}), null);
    var reply =
        server.send(server.request("/v1/tasks/" + id.value() + "/events").header("Origin", PAGE));
    assertThat(header(reply, "Content-Type")).isEqualTo("text/event-stream");
    assertThat(reply.body()).contains("completed");
    assertThat(header(reply, ALLOW_ORIGIN)).isEqualTo(PAGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        OTHER,
        "null",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.elsewhere.example",
        "https://xapp.example.com"
      })
  void aPageOfAnotherSiteIsToldInWordsThatItMayNot(String origin) throws Exception {
    var refused = preflight("/v1/embeddings", origin);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("origin_not_allowed", "api.cors-origins");
    assertThat(header(refused, ALLOW_ORIGIN)).isEqualTo(ABSENT);
    // Its browser does not let it send this, and would not let it read the answer.
    var reply = embed(server.request("/v1/embeddings").header("Origin", origin));
    assertThat(header(reply, ALLOW_ORIGIN)).isEqualTo(ABSENT);
    assertThat(list(reply, "Vary")).contains("origin");
  }

  /** Otherwise a page is given what a cache has kept from a request without an origin. */
  @Test
  void cachesKnowThatAnswersDifferByOrigin() throws Exception {
    assertThat(header(server.get("/v1/models"), "Vary")).contains("Origin");
    var packed =
        embed(server.request("/v1/embeddings").headers("Origin", PAGE, "Accept-Encoding", "gzip"));
    assertThat(packed.headers().allValues("Vary")).containsExactly("Accept-Encoding, Origin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/login", "/logout", "/dashboard/tasks", "/dashboard/submit"})
  void ourOwnPagesAreNotForThem(String path) throws Exception {
    var asked = preflight(path, PAGE);
    assertThat(asked.statusCode()).isIn(404, 405);
    for (var reply : List.of(asked, server.send(server.stranger(path).header("Origin", PAGE)))) {
      assertThat(header(reply, ALLOW_ORIGIN)).isEqualTo(ABSENT);
      assertThat(header(reply, "Vary")).isEqualTo(ABSENT);
    }
  }

  @Test
  void aLoginIsWorthNothingToThem() throws Exception {
    var login =
        server.send(
            server
                .stranger("/login")
                .headers("Origin", "http://127.0.0.1:" + server.port())
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("key=" + KEY)));
    String cookie = header(login, "Set-Cookie").split(";", 2)[0];
    assertThat(server.send(server.stranger("/metrics").header("Cookie", cookie)).statusCode())
        .isEqualTo(200);
    var reply = server.send(server.stranger("/metrics").headers("Cookie", cookie, "Origin", PAGE));
    assertThat(reply.statusCode()).isEqualTo(401);
    assertThat(header(reply, "Access-Control-Allow-Credentials")).isEqualTo(ABSENT);
  }

  @Test
  void aStarIsForAllPagesAndStillForKeysAlone() throws Exception {
    try (var open = new TestServer(Map.of("api.cors-origins", "*"))) {
      for (String origin : List.of(OTHER, "null", "chrome-extension://gfnkjppnnkcicmmn")) {
        assertThat(header(preflight(open, "/v1/embeddings", origin), ALLOW_ORIGIN)).isEqualTo("*");
        var reply = open.send(open.stranger("/v1/models").header("Origin", origin));
        assertThat(reply.statusCode()).isEqualTo(401);
        assertThat(header(reply, ALLOW_ORIGIN)).isEqualTo("*");
        assertThat(header(reply, "Access-Control-Allow-Credentials")).isEqualTo(ABSENT);
      }
      assertThat(header(preflight(open, "/login", OTHER), ALLOW_ORIGIN)).isEqualTo(ABSENT);
    }
  }

  @Test
  void aPageOfTheOpenInternetMayReachAServerOnAPrivateNetwork() throws Exception {
    var told =
        server.send(
            server
                .stranger("/v1/embeddings")
                .headers("Origin", PAGE, "Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Private-Network", "true")
                .method("OPTIONS", BodyPublishers.noBody()));
    assertThat(header(told, "Access-Control-Allow-Private-Network")).isEqualTo("true");
  }

  @Test
  void whereNothingIsSetNothingIsSaid() throws Exception {
    try (var plain = TestServer.start()) {
      var asked = preflight(plain, "/v1/embeddings", PAGE);
      assertThat(asked.statusCode()).isEqualTo(405);
      var reply = plain.send(plain.request("/v1/models").header("Origin", PAGE));
      assertThat(reply.statusCode()).isEqualTo(200);
      for (var each : List.of(asked, reply)) {
        assertThat(each.headers().map().keySet())
            .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control-"));
      }
    }
  }
}
