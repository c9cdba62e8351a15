package dev.penstock.api;

import static dev.penstock.api.TestServer.KEY;
import static dev.penstock.api.TestServer.header;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that needs no key: for programs on its machine, and for no page in a browser there. */
final class KeylessTest {
  private static final String PAGE = "https://app.example.com";
  private static final String TEXT = "{\"input\":\"a\"}";

  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = new TestServer(Map.of("auth.none", "true", "api.cors-origins", PAGE));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private HttpResponse<String> embed(String... headers) throws Exception {
    var request =
        server
            .stranger("/v1/embeddings")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(TEXT));
    return server.send(headers.length == 0 ? request : request.headers(headers));
  }

  /** An answer to lines of a head as they are, which Java's client would not send. */
  private RawClient.Answer raw(String line, String... headers) throws Exception {
    String head =
        Stream.concat(Stream.of(line + " HTTP/1.1"), Arrays.stream(headers))
            .reduce("", (all, each) -> all + each + "\r\n");
    return RawClient.send(
        server.port(), (head + "\r\n").getBytes(StandardCharsets.US_ASCII), Duration.ofSeconds(20));
  }

  @Test
  void aProgramOnThisMachineNeedsNoKey() throws Exception {
    assertThat(embed().statusCode()).isEqualTo(200);
    assertThat(embed("Authorization", "Bearer").statusCode()).as("an empty key").isEqualTo(200);
    for (String path : new String[] {"/v1/models", "/v1/tasks", "/v1/queues", "/metrics"}) {
      assertThat(server.send(server.stranger(path)).statusCode()).as(path).isEqualTo(200);
    }
  }

  @Test
  void itSeesTheTasksOfTheFirstKey() throws Exception {
    var made = server.post("/v1/tasks", "{\"type\":\"ping\"}");
    String path = "/v1/tasks/" + TestServer.json(made).get("id").asText();
    assertThat(server.send(server.stranger(path)).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/keys",
        "/v1/queues/ping/pause",
        "/v1/queues/ping/purge",
        "/v1/workers/w/drain",
        "/v1/worker/lease"
      })
  void whatIsForAdminsAndWorkersNeedsAKeyAsEver(String path) throws Exception {
    var refused =
        server.send(
            server
                .stranger(path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{}")));
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.body()).contains("An API key is needed");
  }

  @Test
  void theDashboardNeedsALoginAsEver() throws Exception {
    assertThat(header(server.send(server.stranger("/")), "Location")).isEqualTo("/login");
  }

  @Test
  void aKeyThatIsSentIsChecked() throws Exception {
    assertThat(embed("Authorization", "Bearer sk-wrong").statusCode()).isEqualTo(401);
    assertThat(embed("api-key", "sk-wrong").statusCode()).isEqualTo(401);
    assertThat(embed("Authorization", "Bearer " + KEY).statusCode()).isEqualTo(200);
    assertThat(server.get("/v1/keys").statusCode()).as("an admin's").isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example:8000",
        "http://localhost@evil.example",
        "https://app.example.com.evil.example",
        "file://",
        "null"
      })
  void aPageFromElsewhereCannotUseIt(String origin) throws Exception {
    var refused = embed("Origin", origin);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("origin_not_allowed");
    assertThat(header(refused, "Access-Control-Allow-Origin")).isEqualTo("(absent)");
  }

  /** An image, a link or a script of a page asks without saying its origin. */
  @Test
  void norCanAPageThatAsksByAnImage() throws Exception {
    for (String path : new String[] {"/v1/tasks", "/metrics"}) {
      var asked = server.stranger(path).header("Sec-Fetch-Site", "cross-site");
      assertThat(server.send(asked).statusCode()).as(path).isEqualTo(403);
      var typed = server.stranger(path).header("Sec-Fetch-Site", "none");
      assertThat(server.send(typed).statusCode()).as(path).isEqualTo(200);
    }
  }

  /** What a form may send without a question beforehand, from a browser that hides its origin. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x"
      })
  void norCanAForm(String type) throws Exception {
    String id = TestServer.json(server.post("/v1/tasks", "{\"type\":\"ping\"}")).get("id").asText();
    for (String path : new String[] {"/v1/tasks/" + id + "/cancel", "/v1/embeddings"}) {
      var sent =
          server.stranger(path).header("Content-Type", type).POST(BodyPublishers.ofString(TEXT));
      assertThat(server.send(sent).statusCode()).as(path).isEqualTo(415);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "evil.example, 403",
    "evil.example:8000, 403",
    "localhost.evil.example, 403",
    "127.0.0.1.evil.example, 403",
    "192.168.1.2, 403",
    "0.0.0.0:8000, 403",
    "localhost, 200",
    "LOCALHOST:8000, 200",
    "127.0.0.1:9, 200",
    "127.3.2.1, 200",
    "[::1]:8000, 200",
  })
  void aNameThatWasMadeToLeadHereIsOfNoUse(String host, int status) throws Exception {
    var answer = raw("GET /v1/models", "Host: " + host);
    assertThat(answer.status()).isEqualTo(status);
    if (status == 403) {
      assertThat(answer.body()).contains("host_not_allowed");
    }
    var open = raw("GET /health/live", "Host: " + host);
    assertThat(open.status()).as("what is open stays open").isEqualTo(200);
  }

  @Test
  void withAKeyAnyHostAndOriginIsFine() throws Exception {
    var answer =
        raw(
            "GET /v1/models",
            "Host: evil.example",
            "Origin: https://evil.example",
            "Authorization: Bearer " + KEY);
    assertThat(answer.status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://localhost:3000", "https://127.0.0.1", "http://[::1]:8080", PAGE})
  void pagesOfThisMachineAndThoseOfTheSettingMay(String origin) throws Exception {
    assertThat(embed("Origin", origin, "Sec-Fetch-Site", "cross-site").statusCode()).isEqualTo(200);
  }

  @Test
  void whoComesThroughAProxyNeedsAKey() throws Exception {
    assertThat(embed("X-Forwarded-For", "203.0.113.7").statusCode()).isEqualTo(403);
    assertThat(embed("X-Forwarded-For", "127.0.0.1, 203.0.113.7").statusCode()).isEqualTo(403);
    assertThat(embed("X-Real-IP", "203.0.113.7").statusCode()).isEqualTo(403);
    assertThat(embed("Forwarded", "for=203.0.113.7").statusCode()).isEqualTo(403);
    assertThat(embed("X-Forwarded-For", "127.0.0.1").statusCode()).isEqualTo(200);
  }

  @Test
  void whereNothingIsSetAKeyIsNeeded() throws Exception {
    try (var plain = TestServer.start()) {
      assertThat(plain.send(plain.stranger("/v1/models")).statusCode()).isEqualTo(401);
    }
  }
}
