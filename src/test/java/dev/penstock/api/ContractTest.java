package dev.penstock.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.penstock.api.Contract.Operation;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.start.SettingGroups;
import dev.penstock.task.TaskHandler;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.SchemaType;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.ping.PingType;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The contract as served and the server, held against each other: what one takes the other allows.
 * {@code make contract} does so with many more bodies than one would think of.
 */
final class ContractTest {
  private static final String ID = BadInputTable.SOME_ID;

  /** The server refuses them for what no schema can say; the contract says it in words. */
  private static final Set<String> BEYOND =
      Set.of(
          "\"dimensions\":385: /v1/embeddings",
          "too many dimensions: /v1/tasks",
          "\"run_at\":99999999999: /v1/tasks",
          "/v1/worker/lease {\"worker\":\"w\",\"lanes\":[\"ping\"],\"max\":2,\"suspects\":\"take\"}",
          "/v1/worker/lease {\"worker\":\"w\",\"lanes\":"
              + "[{\"lane\":\"ping\",\"max\":1,\"suspects\":\"take\"}],\"max\":2}",
          "/v1/worker/settle {\"id\":\"%s\",\"token\":\"t\",\"outcome\":\"await\",\"children\":"
                  .formatted(ID)
              + "[{\"key\":\"k\",\"type\":\"ping\"},{\"key\":\"k\",\"type\":\"ping\"}]}");

  private static TestServer server;
  private static Contract contract;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
    contract = new Contract(server.get("/openapi.yaml").body());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  /** With words in the places of names. */
  private static String filled(String path) {
    return path.replaceAll("\\{(id|task_id)}", ID).replaceAll("\\{\\w+}", "ping");
  }

  static List<Operation> operations() {
    return contract.operations();
  }

  static Set<String> paths() {
    var paths = new TreeSet<String>();
    operations().forEach(each -> paths.add(each.path()));
    return paths;
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aMethodThatAPathDoesNotHaveIs405WithThoseThatItHas(String path) throws Exception {
    var allowed = new TreeSet<String>();
    for (Operation each : operations()) {
      if (each.path().equals(path)) {
        allowed.add(each.method());
      }
    }
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    for (String method : List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")) {
      if (!allowed.contains(method)) {
        var reply =
            server.send(server.request(filled(path)).method(method, BodyPublishers.noBody()));
        assertThat(reply.statusCode()).as(method).isEqualTo(405);
        assertThat(TestServer.header(reply, "Allow")).isEqualTo(String.join(", ", allowed));
        assertThat(method.equals("HEAD") || reply.body().contains("\"method_not_allowed\""))
            .as(reply.body())
            .isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void everyRouteSaysWithWhichErrorsItMayAnswer(Operation operation) {
    var expected = new ArrayList<>(List.of("400", "500"));
    if (operation.needsKey()) {
      expected.addAll(List.of("401", "403", "503"));
    }
    if (operation.takesJson()) {
      expected.addAll(List.of("408", "413", "415"));
    }
    if (operation.path().contains("{")) {
      expected.add("404");
    }
    JsonNode responses = operation.said().get("responses");
    assertThat(responses.properties().stream().map(Map.Entry::getKey)).containsAll(expected);
    for (var response : responses.properties()) {
      JsonNode said = contract.followed(response.getValue());
      if (response.getKey().compareTo("400") >= 0) {
        String shape = said.at("/content/application~1json/schema/$ref").asText();
        assertThat(shape)
            .as(response.getKey())
            .isEqualTo(
                operation.path().contains("health") && response.getKey().equals("503")
                    ? "#/components/schemas/Health"
                    : "#/components/schemas/Error");
      }
    }
  }

  static List<BadInputTable.Row> refused() {
    return new BadInputTable(TestServer.KEY, server.settings.http().maxBodyBytes())
        .rows().stream()
            .filter(row -> row.status() == 400 && !BEYOND.contains(row.name()))
            .filter(row -> !line(row).contains("?") && !"Idempotency-Key".equals(row.param()))
            .filter(row -> contract.post(path(row)).isPresent())
            .filter(row -> Contract.json(row.request()).isPresent())
            .toList();
  }

  private static String line(BadInputTable.Row row) {
    return new String(row.request(), ISO_8859_1).lines().findFirst().orElse("");
  }

  private static String path(BadInputTable.Row row) {
    String[] words = line(row).split(" ", -1);
    return words[0].equals("POST") ? words[1] : "";
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatTheServerRefusesForItsFormTheContractForbids(BadInputTable.Row row) {
    JsonNode body = Contract.json(row.request()).orElseThrow();
    Operation operation = contract.post(path(row)).orElseThrow();
    assertThat(contract.allows(operation.body(), body)).as(body.toString()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          /v1/embeddings | {"input":"a","model":null,"dimensions":null,"encoding_format":null,"truncate":null}
          /v1/embeddings | {"input":"a","input_type":null,"wait_seconds":null,"priority":null,"user":null}
          /v1/embeddings | {"input":"a","model":"","user":{"id":7},"more":1}
          /v1/embeddings | {"input":[1.0,2],"truncate":"END","dimensions":8}
          /openai/deployments/all-minilm-l6-v2/embeddings | {"input":"a","model":42}
          /v1/tasks | {"type":"ping","model":"","input":null,"priority":null,"wait_seconds":null,"run_at":null}
          /v1/tasks | {"type":"ping","delay_seconds":null,"run_at":1,"start_before":null,"max_attempts":null}
          /v1/tasks | {"type":"ping","timeout_seconds":null,"ttl_seconds":null,"metadata":null}
          /v1/tasks | {"type":"embedding","model":null,"input":{"input":"a","dimensions":null}}
          /v1/tasks | [{"type":"ping","wait_seconds":null},null,{"type":"mining"},[1]]
          /v1/tasks/cancel | {"status":null,"type":"ping","all":null}
          /v1/tasks/cancel | {"status":"failed,cancelled"}
          /v1/tasks/delete | {"all":true,"q":null,"model":null}
          /v1/tasks/retry | {"status":["failed"],"start_before":null}
          /v1/keys | {"owner":"a","scopes":["client"],"label":null,"max_priority":null}
          /v1/keys | {"owner":"a","scopes":["worker","worker"]}
          /v1/worker/lease | {"worker":"w","lanes":["ping"],"max":null,"max_bytes":null,"min_priority":null}
          /v1/worker/lease | {"worker":"w","lanes":[{"lane":"ping","max":null}],"suspects":null,"figures":null}
          /v1/worker/lease | {"worker":"w","lanes":["ping"],"figures":{"started_at":null,"running":0.5,"host":null}}
          /v1/worker/extend | {"worker":"w","leases":[],"figures":null,"stopping":null,"stopped":false}
          /v1/worker/extend | {"worker":"w","leases":[],"figures":{"started_at":1},"stopping":true}
          /v1/worker/extend | {"worker":"w","leases":[null,{"id":7}],"figures":[],"stopping":"no"}
          /v1/worker/settle | {"id":"%1$s","token":"t","outcome":"retry","error":"lost","worker":7,"begun":"no"}
          /v1/worker/settle | {"id":"%1$s","token":"t","outcome":"postpone","delay_seconds":null,"children":7}
          /v1/worker/settle | {"id":"%1$s","token":"t","outcome":"await","children":null,"wait_seconds":null}
          /v1/worker/children | {"worker":"w","id":"%1$s","token":"t","after":null,"limit":null}
          /v1/worker/pieces | {"worker":"w","id":"%1$s","token":"t","run":null,"pieces":null,"end":null}
          /v1/worker/pieces | {"worker":"w","id":"%1$s","token":"t","run":1.5,"offset":null,"heard_from":null}
          /api/v1/embedding | {"text":"a","texts":null,"model":null,"more":1}
          /api/v1/embedding | {"texts":["a"],"text":null,"model":""}
          """)
  void whatTheServerTakesTheContractAllows(String path, String form) throws Exception {
    String body = form.formatted(ID);
    var reply = server.post(path, body);
    assertThat(reply.statusCode()).as(reply.body()).isNotIn(400, 404, 413, 415);
    JsonNode json = Contract.json(body);
    assertThat(contract.allows(contract.post(path).orElseThrow().body(), json)).isTrue();
  }

  @Test
  void aTextsLengthIsCountedInCharactersAndNotInHalvesOfThem() throws Exception {
    String label = "\ud83d\ude00".repeat(100);
    assertThat(
            server
                .post(
                    "/v1/keys",
                    "{\"owner\":\"a\",\"scopes\":[\"client\"],\"label\":\"" + label + "\"}")
                .statusCode())
        .isEqualTo(201);
    assertThat(
            server
                .post("/v1/tasks", "{\"type\":\"ping\",\"metadata\":{\"a\":\"" + label + "\"}}")
                .statusCode())
        .isEqualTo(202);
    assertThat(server.get("/v1/tasks?q=" + "%F0%9F%98%80".repeat(200)).statusCode()).isEqualTo(200);
    assertThat(server.get("/v1/tasks?q=" + "%F0%9F%98%80".repeat(201)).statusCode()).isEqualTo(400);
  }

  @Test
  void everyFieldThatMayBeLeftOutMayBeNull() {
    Set<JsonNode> seen = new HashSet<>();
    for (Operation operation : operations()) {
      if (operation.takesJson()) {
        checkNulls(operation.body(), operation.toString(), seen);
      }
    }
    assertThat(seen).hasSizeGreaterThan(10);
  }

  private static void checkNulls(JsonNode given, String at, Set<JsonNode> seen) {
    JsonNode schema = contract.followed(given);
    // A ping's input is as its type's own schema has it.
    if (schema.equals(contract.schema("PingInput")) || !seen.add(schema)) {
      return;
    }
    Set<String> required = new HashSet<>();
    schema.path("required").forEach(name -> required.add(name.textValue()));
    if (schema.path("type").toString().contains("\"object\"")) {
      for (var property : schema.path("properties").properties()) {
        if (!required.contains(property.getKey())) {
          assertThat(contract.allows(property.getValue(), NullNode.getInstance()))
              .as(at + " " + property.getKey())
              .isTrue();
        }
        checkNulls(property.getValue(), at + "." + property.getKey(), seen);
      }
    }
    for (String of : List.of("allOf", "anyOf", "oneOf")) {
      schema.path(of).forEach(each -> checkNulls(each, at, seen));
    }
    if (schema.has("items")) {
      checkNulls(schema.get("items"), at + "[]", seen);
    }
  }

  /** Generators of TypeScript make a field that has a default one that has to be there. */
  @Test
  void noFieldOfABodyHasADefaultThatWouldMakeItRequiredInTypeScript() {
    Set<JsonNode> seen = new HashSet<>();
    for (Operation operation : operations()) {
      if (operation.takesJson()) {
        checkDefaults(operation.body(), operation.toString(), seen);
      }
    }
  }

  private static void checkDefaults(JsonNode given, String at, Set<JsonNode> seen) {
    JsonNode schema = contract.followed(given);
    if (schema.isContainerNode() && seen.add(schema)) {
      assertThat(schema.isObject() && schema.has("default")).as(at).isFalse();
      schema
          .properties()
          .forEach(each -> checkDefaults(each.getValue(), at + "/" + each.getKey(), seen));
      if (schema.isArray()) {
        schema.forEach(each -> checkDefaults(each, at, seen));
      }
    }
  }

  @Test
  void aPingsInputIsWhatItsTypeTakes() throws Exception {
    JsonNode own = Contract.json(new PingType().inputSchema()).get("properties");
    JsonNode told = contract.schema("PingInput").get("properties");
    assertThat(told.properties().stream().map(Map.Entry::getKey).toList())
        .isEqualTo(own.properties().stream().map(Map.Entry::getKey).toList());
    for (var property : own.properties()) {
      for (var bound : property.getValue().properties()) {
        assertThat(told.get(property.getKey()).get(bound.getKey())).isEqualTo(bound.getValue());
      }
    }
  }

  @Test
  void theContractAsServedHasTheTypesOfPlugins() throws Exception {
    var count =
        new SchemaType("word-count", "{}", "{}") {
          @Override
          public TaskHandler handler(HandlerParts parts) {
            throw new UnsupportedOperationException();
          }
        };
    Loaded loaded = SettingGroups.load(Map.of(), Map.of(), null);
    var with =
        new Contract(
            DocsResource.contract(new TaskTypes(TaskTypes.BUILT_IN, List.of(count), loaded)));
    JsonNode task = Contract.json("{\"type\":\"word-count\",\"input\":\"a b\"}");
    JsonNode ofModel = Contract.json("{\"type\":\"word-count\",\"model\":\"m\"}");
    JsonNode ping = Contract.json("{\"type\":\"ping\",\"input\":{\"n\":1}}");
    assertThat(contract.allows(contract.schema("NewTask"), task)).isFalse();
    assertThat(with.allows(with.schema("NewTask"), task)).isTrue();
    assertThat(with.allows(with.schema("NewTask"), ofModel)).isFalse();
    assertThat(with.allows(with.schema("NewTask"), ping)).isTrue();
  }

  @Test
  void aRequestsNameThatIsNoneIsReplaced() throws Exception {
    JsonNode name = contract.operations().getFirst().said().at("/parameters/2");
    assertThat(contract.followed(name).get("schema").has("pattern")).isFalse();
    for (String sent : List.of("", "a b", "x".repeat(65))) {
      var reply = server.send(server.request("/health").header("X-Request-Id", sent));
      assertThat(reply.statusCode()).isEqualTo(200);
      assertThat(TestServer.header(reply, "X-Request-Id")).startsWith("req_");
    }
  }
}
