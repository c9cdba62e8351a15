package dev.penstock.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Requests that no server should carry out, for every route, and what each is told. Needs a server
 * with the models of the program's own catalogue and the task types embedding and ping.
 */
public final class BadInputTable {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Who asks too, on connections of its own. */
  private static final HttpClient OTHER = HttpClient.newHttpClient();

  static final String SOME_ID = "01ks7d9m3o4vqk2f8a0r5c1hn7e9u6tjb3lg";
  private static final int DEPTH = 33;
  private static final List<String> SUBMITS =
      List.of("/v1/embeddings", "/v1/tasks", "/api/v1/embedding");

  private final String key;
  private final int maxBody;
  private final List<Row> rows = new ArrayList<>();

  /**
   * One bad request.
   *
   * @param status 0: the connection may be closed without an answer
   */
  public record Row(
      String name, byte[] request, int status, @Nullable String code, @Nullable String param) {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * @param key a key that the server knows
   * @param maxBody its {@code http.max-body}
   */
  public BadInputTable(String key, int maxBody) {
    this.key = key;
    this.maxBody = maxBody;
    routes();
    keys();
    framing();
    for (String path : SUBMITS) {
      bodies(path);
    }
    embeddings();
    tasks();
    ids();
    garbage();
    new BadTaskCalls(this).addRows();
    new BadWorkerCalls(this).addRows();
    new BadKeyCalls(this).addRows();
  }

  public List<Row> rows() {
    return List.copyOf(rows);
  }

  /** The last row of each method and path: of those with a key, where there are such. */
  public List<Row> oneForEachPath() {
    Map<String, Row> last = new LinkedHashMap<>();
    for (Row row : rows) {
      String line = new String(row.request(), ISO_8859_1).lines().findFirst().orElse("");
      last.put(line.replaceFirst("(\\?| HTTP/).*", ""), row);
    }
    return List.copyOf(last.values());
  }

  /** Sends the row's request and checks the answer, and that the server still answers others. */
  public static void check(int port, Row row) throws IOException, InterruptedException {
    RawClient.Answer answer = RawClient.send(port, row.request(), LIMIT);
    if (row.status() != 0 || answer.status() != 0) {
      checkShape(row, answer);
    }
    var health =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health"))
            .timeout(LIMIT)
            .build();
    assertThat(OTHER.send(health, HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(200);
  }

  private static void checkShape(Row row, RawClient.Answer answer) throws IOException {
    assertThat(answer.status()).as(answer.body()).isEqualTo(row.status());
    assertThat(answer.headers()).containsKey("x-request-id");
    assertThat(answer.headers().get("content-type")).isEqualTo("application/json");
    JsonNode error = MAPPER.readTree(answer.body()).get("error");
    assertThat(error).as(answer.body()).isNotNull();
    assertThat(error.properties().stream().map(Map.Entry::getKey))
        .containsExactlyInAnyOrder("message", "type", "param", "code");
    assertThat(error.get("message").asText()).isNotBlank();
    assertThat(error.get("code").textValue()).as("code").isEqualTo(row.code());
    assertThat(error.get("param").textValue()).as("param").isEqualTo(row.param());
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", "dev.penstock", ".java");
  }

  private void routes() {
    row("an unknown route", head("GET", "/v2/embeddings"), 404, "not_found", null);
    row("a path that climbs", head("GET", "/docs/../../etc/passwd"), 404, "not_found", null);
    row("an encoded path that climbs", head("GET", "/docs/%2e%2e%2fetc"), 404, "not_found", null);
    for (String path : BadTaskCalls.CHANGES_WITHOUT_TWIN) {
      row("GET " + path, head("GET", path), 405, "method_not_allowed", null);
    }
    for (String path : List.of("/v1/embeddings", "/v1/tasks")) {
      row("DELETE " + path, head("DELETE", path), 405, "method_not_allowed", null);
    }
    for (String path : reads()) {
      row("PUT " + path, head("PUT", path), 405, "method_not_allowed", null);
      row(
          "POST " + path,
          post(path, "application/json", "{}".getBytes(UTF_8)),
          405,
          "method_not_allowed",
          null);
    }
  }

  private static List<String> reads() {
    return List.of(
        "/v1/models",
        "/v1/models/all-minilm-l6-v2",
        "/v1/tasks/" + SOME_ID,
        "/v1/tasks/" + SOME_ID + "/result",
        "/v1/tasks/" + SOME_ID + "/events",
        "/v1/queues",
        "/v1/queues/ping",
        "/v1/workers",
        "/api/v1/embedding/models",
        "/api/v1/embedding/" + SOME_ID,
        "/api/health",
        "/tasks/" + SOME_ID,
        "/tasks/" + SOME_ID + "/result",
        "/health",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/docs",
        "/openapi.yaml");
  }

  private void keys() {
    for (String path : reads()) {
      if (!path.contains("/health") && !path.equals("/docs") && !path.equals("/openapi.yaml")) {
        String line = "GET " + path + " HTTP/1.1\r\nHost: test\r\n";
        row("no key: " + path, line + "\r\n", 401, "invalid_api_key", null);
        row(
            "a wrong key: " + path,
            line + "Authorization: Bearer nope\r\n\r\n",
            401,
            "invalid_api_key",
            null);
      }
    }
    var writes = new ArrayList<>(SUBMITS);
    writes.addAll(BadTaskCalls.CHANGES);
    for (String path : writes) {
      // The body never comes: the key is looked at first.
      String line =
          "POST "
              + path
              + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
              + "Content-Length: 1000\r\n";
      row("no key: " + path, line + "\r\n", 401, "invalid_api_key", null);
      for (String header :
          List.of("Bearer nope", "Bearer", "Basic " + key, "Bearer " + key + "x", "\u0080\u00ff")) {
        row(
            "authorization '" + header.replace(key, "KEY") + "': " + path,
            line + "Authorization: " + header + "\r\n\r\n",
            401,
            "invalid_api_key",
            null);
      }
    }
  }

  private void framing() {
    for (String path : SUBMITS) {
      row(
          "no content type: " + path,
          post(path, null, b("{}")),
          415,
          "unsupported_media_type",
          null);
      for (String type :
          List.of("text/plain", "application/xml", "application/json; charset=latin1", "json")) {
        row(
            "content type " + type + ": " + path,
            post(path, type, b("{}")),
            415,
            "unsupported_media_type",
            null);
      }
      row(
          "a body compressed as nobody reads it: " + path,
          head(
                  "POST",
                  path,
                  "Content-Type: application/json",
                  "Content-Encoding: br",
                  "Content-Length: 2")
              + "{}",
          415,
          "unsupported_media_type",
          null);
      row(
          "a body that is said to be compressed: " + path,
          head(
                  "POST",
                  path,
                  "Content-Type: application/json",
                  "Content-Encoding: gzip",
                  "Content-Length: 2")
              + "{}",
          400,
          null,
          null);
      row(
          "a body said to be too large: " + path,
          head("POST", path, "Content-Type: application/json", "Content-Length: " + (maxBody + 1L)),
          413,
          "request_too_large",
          null);
      row(
          "a body said to be endless: " + path,
          head(
              "POST",
              path,
              "Content-Type: application/json",
              "Content-Length: 9223372036854775807"),
          413,
          "request_too_large",
          null);
      row(
          "a chunked body that is too large: " + path,
          chunked(path),
          413,
          "request_too_large",
          null);
      row(
          "a body shorter than said: " + path,
          head("POST", path, "Content-Type: application/json", "Content-Length: 100") + "{}",
          408,
          "request_timeout",
          null);
      row(
          "a body longer than said: " + path,
          head("POST", path, "Content-Type: application/json", "Content-Length: 2") + "{\"input\":",
          400,
          null,
          null);
      row(
          "a chunk that is none: " + path,
          head("POST", path, "Content-Type: application/json", "Transfer-Encoding: chunked")
              + "zz\r\n{}\r\n",
          400,
          "bad_request",
          null);
      for (String coding :
          java.util.List.of(
              "Content-Length: 2\r\nTransfer-Encoding: chunked",
              "Transfer-Encoding: chunked\r\nContent-Length: 2",
              "Transfer-Encoding: gzip, chunked",
              "Transfer-Encoding: chunked, identity",
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
              "Transfer-Encoding: identity",
              "Transfer-Encoding: xchunked",
              "Transfer-Encoding: chunked;q=1")) {
        row(
            "a body whose end is said in two ways: " + coding + ": " + path,
            head("POST", path, "Content-Type: application/json", coding) + "2\r\n{}\r\n0\r\n\r\n",
            400,
            "bad_request",
            null);
      }
      row(
          "chunks before HTTP/1.1: " + path,
          head("POST", path, "Content-Type: application/json", "Transfer-Encoding: chunked")
                  .replace("HTTP/1.1", "HTTP/1.0")
              + "2\r\n{}\r\n0\r\n\r\n",
          400,
          "bad_request",
          null);
      row(
          "a negative length: " + path,
          head("POST", path, "Content-Type: application/json", "Content-Length: -5"),
          400,
          "bad_request",
          null);
    }
  }

  private byte[] chunked(String path) {
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(
        head("POST", path, "Content-Type: application/json", "Transfer-Encoding: chunked")
            .getBytes(ISO_8859_1));
    byte[] chunk = new byte[64 * 1024];
    java.util.Arrays.fill(chunk, (byte) ' ');
    for (int sent = 0; sent <= maxBody; sent += chunk.length) {
      bytes.writeBytes(b(Integer.toHexString(chunk.length) + "\r\n"));
      bytes.writeBytes(chunk);
      bytes.writeBytes(b("\r\n"));
    }
    return bytes.toByteArray();
  }

  /** What no route takes for JSON. A task needs its type; for embeddings the field is ignored. */
  private void bodies(String path) {
    String start = "{\"type\":\"embedding\",\"input\":";
    var bad = new ArrayList<Map.Entry<String, byte[]>>();
    bad.add(Map.entry("no body", b("")));
    bad.add(Map.entry("white space", b("  \n ")));
    bad.add(Map.entry("no JSON", b("hello")));
    bad.add(Map.entry("truncated JSON", b(start + "\"wat")));
    bad.add(Map.entry("an open object", b(start + "\"water\"")));
    bad.add(Map.entry("a trailing comma", b(start + "\"water\",}")));
    bad.add(Map.entry("two values", b(start + "\"water\"} {}")));
    bad.add(Map.entry("a comment", b("/* */" + start + "\"water\"}")));
    bad.add(Map.entry("single quotes", b("{'input':'water'}")));
    bad.add(Map.entry("NaN", b(start + "NaN}")));
    bad.add(Map.entry("a string", b("\"input\"")));
    bad.add(Map.entry("a number", b("42")));
    bad.add(Map.entry("null", b("null")));
    bad.add(Map.entry("NUL", b("\0")));
    bad.add(Map.entry("a raw NUL in a string", b(start + "\"a\0b\"}")));
    bad.add(Map.entry("a raw control character in a string", b(start + "\"a\u0007b\"}")));
    bad.add(Map.entry("two byte order marks", b("\ufeff\ufeff" + start + "\"water\"}")));
    bad.add(
        Map.entry(
            "UTF-16", (start + "\"water\"}").getBytes(java.nio.charset.StandardCharsets.UTF_16LE)));
    bad.add(Map.entry("invalid UTF-8", (start + "\"\u00c3(\"}").getBytes(ISO_8859_1)));
    bad.add(Map.entry("overlong UTF-8", (start + "\"\u00c0\u00af\"}").getBytes(ISO_8859_1)));
    bad.add(
        Map.entry(
            "a surrogate in UTF-8", (start + "\"\u00ed\u00a0\u0080\"}").getBytes(ISO_8859_1)));
    bad.add(Map.entry("a repeated key", b(start + "\"a\",\"input\":\"b\"}")));
    bad.add(Map.entry("a number out of range", b(start + "\"a\",\"priority\":1e999}")));
    bad.add(
        Map.entry(
            "a number of 5,000 digits",
            b(start + "\"a\",\"priority\":" + "9".repeat(5_000) + "}")));
    bad.add(Map.entry("33 levels", b(start + "[".repeat(DEPTH) + "]".repeat(DEPTH) + "}")));
    bad.add(Map.entry("100,000 levels", b("[".repeat(100_000))));
    bad.add(Map.entry("a key of 100,000 characters", b("{\"" + "k".repeat(100_000) + "\":1}")));
    for (var each : bad) {
      row(each.getKey() + ": " + path, json(path, each.getValue()), 400, null, null);
    }
  }

  private void embeddings() {
    row("a list: /v1/embeddings", json("/v1/embeddings", b("[]")), 400, null, null);
    for (String input :
        List.of(
            "\"\"",
            "[]",
            "[[]]",
            "null",
            "42",
            "true",
            "{}",
            "[\"a\",1]",
            "[1,\"a\"]",
            "[[1],\"a\"]",
            "[1.5]",
            "[-1]",
            "[[1],[2.5]]",
            "[4294967296]",
            "[true]",
            "[null]")) {
      embedding("input " + input, "\"input\":" + input, null);
    }
    embedding("no input", "\"model\":\"all-minilm-l6-v2\"", "input");
    embedding("2,049 inputs", "\"input\":[" + "\"a\",".repeat(2_048) + "\"a\"]", "input");
    embedding("300,001 token ids", "\"input\":[" + "1,".repeat(300_000) + "1]", "input");
    embedding("an empty item", "\"input\":[\"a\",\"\"]", "input[1]");
    for (String field :
        List.of(
            "\"model\":42",
            "\"encoding_format\":\"int8\"",
            "\"encoding_format\":1",
            "\"dimensions\":0",
            "\"dimensions\":385",
            "\"dimensions\":1.5",
            "\"dimensions\":\"8\"",
            "\"dimensions\":99999999999999999999",
            "\"wait_seconds\":-1",
            "\"wait_seconds\":31",
            "\"wait_seconds\":\"1\"",
            "\"priority\":11",
            "\"priority\":-1",
            "\"priority\":1.5",
            "\"priority\":\"high\"",
            "\"truncate\":\"middle\"",
            "\"truncate\":1",
            "\"input_type\":\"clustering\"",
            "\"input_type\":7")) {
      String name = field.substring(1, field.indexOf('"', 1));
      embedding(field, "\"input\":\"a\"," + field, name);
    }
    for (String model :
        List.of("gpt-7", "../../etc/passwd", "all-minilm-l6-v2\\u0000", "\\u202e")) {
      row(
          "model " + model + ": /v1/embeddings",
          json("/v1/embeddings", b("{\"input\":\"a\",\"model\":\"" + model + "\"}")),
          404,
          "model_not_found",
          "model");
    }
  }

  /**
   * @param param null: {@code input}, or the item of it that is at fault
   */
  private void embedding(String name, String members, @Nullable String param) {
    String at = param;
    if (at == null) {
      at =
          switch (name) {
            case "input [[]]" -> "input[0]";
            case "input [true]", "input [null]" -> "input[0]";
            case "input [\"a\",1]", "input [[1],\"a\"]", "input [[1],[2.5]]" -> "input[1]";
            default -> "input";
          };
    }
    row(name + ": /v1/embeddings", json("/v1/embeddings", b("{" + members + "}")), 400, null, at);
  }

  private void tasks() {
    task("no type", "\"input\":\"a\"", "type");
    task("an unknown type", "\"type\":\"mining\"", "type");
    task("a type that is no string", "\"type\":7", "type");
    task("an unknown field", "\"type\":\"ping\",\"prio\":1", "prio");
    task(
        "an unknown field with a strange name",
        "\"type\":\"ping\",\"\\u0000\\u202e\":1",
        "\0\u202e");
    task("a model where none is used", "\"type\":\"ping\",\"model\":\"a\"", "model");
    task("an input that breaks the schema", "\"type\":\"ping\",\"input\":{\"n\":\"x\"}", "input.n");
    task("a number that is too large", "\"type\":\"ping\",\"input\":{\"n\":1e20}", "input.n");
    task("an input of the wrong kind", "\"type\":\"ping\",\"input\":[1]", "input");
    task("no input", "\"type\":\"embedding\"", "input");
    task("an empty input", "\"type\":\"embedding\",\"input\":[]", "input");
    task("an object without input", "\"type\":\"embedding\",\"input\":{}", "input.input");
    task(
        "too many dimensions",
        "\"type\":\"embedding\",\"input\":{\"input\":\"a\",\"dimensions\":9999}",
        "input.dimensions");
    task(
        "an unknown option",
        "\"type\":\"embedding\",\"input\":{\"input\":\"a\",\"dim\":1}",
        "input.dim");
    for (String field :
        List.of(
            "\"priority\":11",
            "\"priority\":\"high\"",
            "\"wait_seconds\":31",
            "\"wait_seconds\":[]",
            "\"max_attempts\":0",
            "\"max_attempts\":101",
            "\"timeout_seconds\":0",
            "\"timeout_seconds\":86401",
            "\"ttl_seconds\":-1",
            "\"ttl_seconds\":2592001",
            "\"delay_seconds\":-1",
            "\"delay_seconds\":2592001",
            "\"run_at\":\"tomorrow\"",
            "\"run_at\":99999999999",
            "\"run_at\":1e300",
            "\"priority\":1e20",
            "\"priority\":4.5",
            "\"max_attempts\":1e20",
            "\"timeout_seconds\":1e300",
            "\"wait_seconds\":1e20",
            "\"ttl_seconds\":1e20",
            "\"delay_seconds\":1e300",
            "\"metadata\":[]",
            "\"metadata\":\"a\"")) {
      String name = field.substring(1, field.indexOf('"', 1));
      task(field, "\"type\":\"ping\"," + field, name);
    }
    task("two times", "\"type\":\"ping\",\"run_at\":1,\"delay_seconds\":1", "delay_seconds");
    task("metadata that is no string", "\"type\":\"ping\",\"metadata\":{\"a\":1}", "metadata.a");
    task(
        "long metadata",
        "\"type\":\"ping\",\"metadata\":{\"a\":\"" + "x".repeat(513) + "\"}",
        "metadata.a");
    task(
        "a long key of metadata",
        "\"type\":\"ping\",\"metadata\":{\"" + "k".repeat(65) + "\":\"\"}",
        "metadata");
    var many = new StringBuilder("\"type\":\"ping\",\"metadata\":{\"k0\":\"\"");
    for (int i = 1; i <= 16; i++) {
      many.append(",\"k").append(i).append("\":\"\"");
    }
    task("17 pairs of metadata", many + "}", "metadata");
    row("an empty list", json("/v1/tasks", b("[]")), 400, null, null);
    row(
        "1,001 tasks",
        json("/v1/tasks", b("[" + "{\"type\":\"ping\"},".repeat(1_000) + "{\"type\":\"ping\"}]")),
        400,
        null,
        null);
    row("a list of no tasks", json("/v1/tasks", b("[1,null]")), 400, null, null);
    row(
        "a list of tasks to wait for",
        json("/v1/tasks", b("[{\"type\":\"ping\",\"wait_seconds\":1}]")),
        400,
        null,
        "wait_seconds");
    row(
        "an unknown model: /v1/tasks",
        json("/v1/tasks", b("{\"type\":\"embedding\",\"model\":\"gpt-7\",\"input\":\"a\"}")),
        404,
        "model_not_found",
        "model");
  }

  private void task(String name, String members, String param) {
    row(name + ": /v1/tasks", json("/v1/tasks", b("{" + members + "}")), 400, null, param);
  }

  private void ids() {
    for (String prefix : List.of("/v1/tasks/", "/tasks/")) {
      for (String suffix : List.of("", "/result")) {
        for (String id :
            List.of(SOME_ID, "1", "01KS7D9M3O4VQK2F8A0R5C1HN7E9U6TJB3LG", "%00", "a%2Fb")) {
          row(
              "GET " + prefix + id + suffix,
              head("GET", prefix + id + suffix),
              404,
              "task_not_found",
              "id");
        }
        for (String id : List.of("%", "%zz")) {
          String path = prefix + id + suffix;
          row("no path: " + path, head("GET", path), 404, "not_found", null);
        }
      }
    }
    row("no path: a lone percent", head("GET", "/v1/models/%"), 404, "not_found", null);
    for (String model : List.of("gpt-7", "a/b/c", "a%2Fb", "%ff%fe", "%00", "..%2f..%2fetc")) {
      row(
          "GET model " + model,
          head("GET", "/v1/models/" + model),
          404,
          "model_not_found",
          "model");
    }
  }

  private void garbage() {
    row("not HTTP", "hello there\r\n\r\n", 400, "bad_request", null);
    row(
        "control characters only",
        "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n",
        400,
        "bad_request",
        null);
    row(
        "a header without a colon",
        "GET /health HTTP/1.1\r\nHost\r\n\r\n",
        400,
        "bad_request",
        null);
    row(
        "a long request line",
        "GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: test\r\n\r\n",
        414,
        "uri_too_long",
        null);
    row(
        "long headers",
        "GET /health HTTP/1.1\r\nHost: test\r\nX-Long: " + "a".repeat(20_000) + "\r\n\r\n",
        431,
        "headers_too_large",
        null);
    row("headers that never end", "GET /health HTTP/1.1\r\nHost: test\r\n", 0, null, null);
    row("nothing", "", 0, null, null);
  }

  String head(String method, String path, String... headers) {
    var text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: test\r\n");
    text.append("Authorization: Bearer ").append(key).append("\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    return text.append("\r\n").toString();
  }

  byte[] json(String path, byte[] body) {
    return post(path, "application/json", body);
  }

  private byte[] post(String path, @Nullable String type, byte[] body) {
    String length = "Content-Length: " + body.length;
    String head =
        type == null
            ? head("POST", path, length)
            : head("POST", path, "Content-Type: " + type, length);
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(head.getBytes(ISO_8859_1));
    bytes.writeBytes(body);
    return bytes.toByteArray();
  }

  static byte[] b(String text) {
    return text.getBytes(UTF_8);
  }

  void row(String name, String request, int status, @Nullable String code, @Nullable String param) {
    row(name, request.getBytes(ISO_8859_1), status, code, param);
  }

  void row(String name, byte[] request, int status, @Nullable String code, @Nullable String param) {
    rows.add(new Row(name, request, status, code, param));
  }
}
