package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.core.Scope;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Making and revoking keys, and what their holders may do. */
final class KeysResourceTest {
  private static final String PING = "{\"type\":\"ping\"}";
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
    server.dispatcher.script = _ -> new Script.Stay();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private HttpResponse<String> get(String path, String key) throws Exception {
    return server.send(server.request(path).setHeader("Authorization", "Bearer " + key));
  }

  private HttpResponse<String> post(String path, String key, String body, String... headers)
      throws Exception {
    var request =
        server
            .request(path)
            .setHeader("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body));
    return server.send(headers.length == 0 ? request : request.headers(headers));
  }

  private HttpResponse<String> delete(String path) throws Exception {
    return server.send(server.request(path).DELETE());
  }

  @Test
  void aKeyIsMadeShownOnceListedUsedAndRevoked() throws Exception {
    var made =
        server.post(
            "/v1/keys",
            "{\"owner\":\"acme\",\"scopes\":[\"metrics\",\"client\"],\"label\":\"the mill\","
                + "\"max_priority\":4}");
    assertThat(made.statusCode()).isEqualTo(201);
    assertThat(header(made, "Cache-Control")).isEqualTo("no-store");
    JsonNode key = json(made);
    String id = key.get("id").asText();
    String secret = key.get("key").asText();
    assertThat(id).matches("key-[0-9a-f]{20}");
    assertThat(secret).matches("sk-penstock-[A-Za-z0-9_-]{43}");
    assertThat(key.get("scopes").toString()).isEqualTo("[\"client\",\"metrics\"]");

    var list = server.get("/v1/keys");
    assertThat(list.body()).doesNotContain(secret);
    JsonNode listed = json(list).at("/data/0");
    assertThat(listed.get("id").asText()).isEqualTo(id);
    assertThat(listed.get("owner").asText()).isEqualTo("acme");
    assertThat(listed.get("label").asText()).isEqualTo("the mill");
    assertThat(listed.get("max_priority").asInt()).isEqualTo(4);
    assertThat(listed.has("key")).isFalse();
    assertThat(listed.has("revoked_at")).isFalse();
    assertThat(get("/v1/tasks", secret).statusCode()).isEqualTo(200);

    var revoked = delete("/v1/keys/" + id);
    assertThat(revoked.statusCode()).isEqualTo(200);
    assertThat(json(revoked).get("revoked_at").asDouble()).isPositive();
    assertThat(get("/v1/tasks", secret).statusCode()).isEqualTo(401);
    assertThat(json(delete("/v1/keys/" + id))).isEqualTo(json(revoked));
    assertThat(json(server.get("/v1/keys")).at("/data/0")).isEqualTo(json(revoked));
  }

  @Test
  void aWorkersKeyIsBoundToLanesAndOwners() throws Exception {
    var made =
        server.post(
            "/v1/keys",
            "{\"owner\":\"far\",\"scopes\":[\"worker\"],\"owners\":[\"mill\",\"acme\"],"
                + "\"lanes\":[\"embedding.text-embedding-3-small\",\"ping\"]}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    assertThat(json(made).get("owners").toString()).isEqualTo("[\"acme\",\"mill\"]");
    assertThat(json(made).get("lanes").get(0).asText()).startsWith("embedding.");
    assertThat(json(server.get("/v1/keys")).at("/data/0/lanes")).isEqualTo(json(made).get("lanes"));
  }

  @ParameterizedTest
  @CsvSource({
    "worker, lanes, []",
    "worker, lanes, [5]",
    "worker, lanes, ping",
    "worker, owners, [\"a b\"]",
    "worker, owners, {}",
    "client, owners, [\"acme\"]",
    "admin, lanes, [\"ping\"]",
  })
  void whatNoKeyCanBeBoundToIsRefused(String scope, String field, String value) throws Exception {
    String given = value.equals("ping") ? "\"ping\"" : value;
    var reply =
        server.post(
            "/v1/keys",
            "{\"owner\":\"far\",\"scopes\":[\"%s\"],\"%s\":%s}".formatted(scope, field, given));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    assertThat(error(reply).get("param").asText()).isEqualTo(field);
  }

  @Test
  void aKeyIsBoundToNoLaneThatIsNotThere() throws Exception {
    for (String lane : new String[] {"no-such-type", "embedding.no-such-model"}) {
      var reply =
          server.post(
              "/v1/keys",
              "{\"owner\":\"far\",\"scopes\":[\"worker\"],\"lanes\":[\"ping\",\"" + lane + "\"]}");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(404);
      assertThat(error(reply).get("code").asText()).isEqualTo("lane_not_found");
      assertThat(error(reply).get("param").asText()).isEqualTo("lanes[1]");
    }
  }

  @Test
  void aKeyThatNobodyKnowsIsNotFound() throws Exception {
    var reply = delete("/v1/keys/auth.token");
    assertThat(reply.statusCode()).isEqualTo(404);
    assertThat(error(reply).get("code").asText()).isEqualTo("key_not_found");
  }

  @ParameterizedTest
  @CsvSource({
    "CLIENT, GET, /v1/tasks, 200",
    "CLIENT, GET, /v1/queues, 200",
    "CLIENT, GET, /metrics, 200",
    "CLIENT, GET, /v1/keys, 403",
    "CLIENT, POST, /v1/keys, 403",
    "CLIENT, DELETE, /v1/keys/key-1, 403",
    "CLIENT, POST, /v1/queues/ping/pause, 403",
    "CLIENT, POST, /v1/queues/ping/resume, 403",
    "CLIENT, POST, /v1/queues/ping/purge, 403",
    "CLIENT, POST, /v1/workers/w/drain, 403",
    "ADMIN, GET, /v1/tasks, 200",
    "ADMIN, GET, /v1/keys, 200",
    "ADMIN, GET, /metrics, 200",
    "ADMIN, POST, /v1/queues/ping/purge, 200",
    "METRICS, GET, /metrics, 200",
    "METRICS, GET, /v1/tasks, 403",
    "METRICS, POST, /v1/embeddings, 403",
    "METRICS, GET, /v1/keys, 403",
    "WORKER, GET, /metrics, 403",
    "WORKER, GET, /v1/models, 403",
    "WORKER, GET, /v1/tasks, 403",
    "WORKER, POST, /v1/tasks, 403",
    "WORKER, POST, /v1/embeddings, 403",
    "WORKER, POST, /api/v1/embedding, 403",
    "WORKER, GET, /v1/tasks/1/result, 403",
    "WORKER, GET, /v1/tasks/1/events, 403",
    "WORKER, GET, /v1/keys, 403",
    "WORKER, POST, /v1/queues/ping/pause, 403",
  })
  void aKeyDoesWhatItsScopeIsFor(Scope scope, String method, String path, int status)
      throws Exception {
    String key = server.key("acme", scope);
    var reply =
        server.send(
            server
                .request(path)
                .setHeader("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .method(
                    method,
                    method.equals("POST") ? BodyPublishers.ofString("") : BodyPublishers.noBody()));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(status);
    if (status == 403) {
      assertThat(error(reply).get("code").asText()).isEqualTo("insufficient_scope");
      assertThat(error(reply).get("message").asText()).contains("scope " + scope.json());
      assertThat(header(reply, "x-should-retry")).isEqualTo("false");
    }
  }

  @Test
  void anothersTaskIsUnknownOnEveryRoute() throws Exception {
    String acme = server.key("acme", Scope.CLIENT);
    String other = server.key("other", Scope.CLIENT, Scope.ADMIN);
    String id = json(post("/v1/tasks", acme, PING)).get("id").asText();

    for (String path :
        List.of(
            "/v1/tasks/" + id,
            "/tasks/" + id,
            "/v1/tasks/" + id + "/result",
            "/tasks/" + id + "/result",
            "/v1/tasks/" + id + "/events",
            "/api/v1/embedding/" + id)) {
      for (String key : List.of(other, TestServer.KEY)) {
        var reply = get(path, key);
        assertThat(reply.statusCode()).as(path).isEqualTo(404);
        assertThat(error(reply).get("code").asText()).isEqualTo("task_not_found");
      }
    }
    for (String path : List.of("/cancel", "/retry")) {
      assertThat(post("/v1/tasks/" + id + path, other, "").statusCode()).isEqualTo(404);
      var swept = post("/v1/tasks" + path, other, "{\"all\":true}");
      assertThat(json(swept).get("count").asInt()).isZero();
    }
    for (String query : List.of("", "?type=ping", "?status=pending", "?q=" + id)) {
      assertThat(json(get("/v1/tasks" + query, other)).get("data")).isEmpty();
      assertThat(json(get("/v1/tasks" + query, acme)).get("data")).hasSize(1);
    }
    assertThat(json(get("/v1/tasks/" + id, acme)).get("status").asText()).isEqualTo("pending");
  }

  @Test
  void twoKeysOfOneOwnerSeeTheSameTasks() throws Exception {
    String old = server.key("acme", Scope.CLIENT);
    String next = server.key("acme", Scope.CLIENT);
    String id = json(post("/v1/tasks", old, PING)).get("id").asText();
    assertThat(get("/v1/tasks/" + id, next).statusCode()).isEqualTo(200);
  }

  @Test
  void equalWorkOfTwoOwnersIsTwoTasks() throws Exception {
    String acme = server.key("acme", Scope.CLIENT);
    String other = server.key("other", Scope.CLIENT);
    for (String key : List.of(acme, other)) {
      assertThat(post("/v1/tasks", key, PING, "Idempotency-Key", "same").statusCode())
          .isEqualTo(202);
      String held = "{\"input\":\"water\",\"wait_seconds\":0}";
      assertThat(post("/v1/embeddings", key, held).statusCode()).isEqualTo(202);
    }
    assertThat(server.dispatcher.tasks.values())
        .extracting(task -> task.spec().owner())
        .containsExactlyInAnyOrder("acme", "acme", "other", "other");
  }

  @Test
  void aHighestPriorityBoundsWhatIsAskedForAndWhatIsUsual() throws Exception {
    String key =
        json(server.post(
                "/v1/keys", "{\"owner\":\"acme\",\"scopes\":[\"client\"],\"max_priority\":4}"))
            .get("key")
            .asText();
    Map<String, String> tooHigh =
        Map.of(
            "/v1/tasks", "{\"type\":\"ping\",\"priority\":5}",
            "/v1/embeddings", "{\"input\":\"a\",\"priority\":5}");
    for (var each : tooHigh.entrySet()) {
      var reply = post(each.getKey(), key, each.getValue());
      assertThat(reply.statusCode()).isEqualTo(400);
      assertThat(error(reply).get("param").asText()).isEqualTo("priority");
      assertThat(error(reply).get("message").asText()).contains("at most 4");
    }
    post("/v1/tasks", key, "{\"type\":\"ping\",\"priority\":2}");
    post("/v1/tasks", key, PING);
    post("/v1/tasks", key, "[" + PING + "]");
    post("/v1/embeddings", key, "{\"input\":\"a\",\"wait_seconds\":0}");
    post("/api/v1/embedding", key, "{\"text\":\"a\"}");
    assertThat(server.dispatcher.tasks.values())
        .extracting(task -> task.spec().priority().value())
        .containsExactlyInAnyOrder(2, 4, 3, 4, 4);
  }

  @Test
  void onlyAnAdminsKeyOpensTheDashboard() throws Exception {
    String admin = server.key("acme", Scope.ADMIN);
    assertThat(logIn(server.key("acme", Scope.CLIENT)).statusCode()).isEqualTo(403);
    assertThat(logIn(server.key("acme", Scope.WORKER)).statusCode()).isEqualTo(403);
    var login = logIn(admin);
    assertThat(login.statusCode()).isEqualTo(303);
    String cookie = header(login, "Set-Cookie").split(";", 2)[0];
    var page = server.request("/").header("Cookie", cookie);
    assertThat(server.send(page).statusCode()).isEqualTo(200);
    server.keys.list().stream()
        .filter(key -> key.scopes().contains(Scope.ADMIN))
        .forEach(key -> server.keys.revoke(key.id()));
    assertThat(server.send(page).statusCode()).as("the login ends with the key").isEqualTo(303);
  }

  private HttpResponse<String> logIn(String key) throws Exception {
    return server.send(
        server
            .request("/login")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Origin", "http://127.0.0.1:" + server.port())
            .POST(BodyPublishers.ofString("key=" + key)));
  }
}
