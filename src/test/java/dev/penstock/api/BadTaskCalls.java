package dev.penstock.api;

import static dev.penstock.api.BadInputTable.SOME_ID;
import static dev.penstock.api.BadInputTable.b;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The part of the table of bad input that is about tasks that exist, queues and keys. */
final class BadTaskCalls {
  private static final List<String> FILTERED =
      List.of("/v1/tasks/cancel", "/v1/tasks/retry", "/v1/tasks/delete");
  private static final List<String> SINGLE =
      List.of("/v1/tasks/" + SOME_ID + "/cancel", "/v1/tasks/" + SOME_ID + "/retry");
  private static final List<String> LANE =
      List.of("/v1/queues/ping/pause", "/v1/queues/ping/resume", "/v1/queues/ping/purge");

  /** Routes that take POST and nothing else. */
  static final List<String> CHANGES_WITHOUT_TWIN =
      Stream.of(List.of("/v1/embeddings", "/api/v1/embedding/"), FILTERED, SINGLE, LANE)
          .flatMap(List::stream)
          .toList();

  static final List<String> CHANGES =
      Stream.of(FILTERED, SINGLE, LANE).flatMap(List::stream).toList();

  private final BadInputTable table;

  BadTaskCalls(BadInputTable table) {
    this.table = table;
  }

  void addRows() {
    lists();
    filters();
    ids();
    queues();
    keys();
    dropIn();
  }

  private void lists() {
    for (String query :
        List.of(
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=ten",
            "limit=1.5",
            "limit=",
            "limit=99999999999999999999",
            "limit=1&limit=2",
            "status=done",
            "status=",
            "status=failed,",
            "status=FAILED",
            "type=",
            "type=a&type=b",
            "type=" + "x".repeat(101),
            "model=",
            "model=" + "x".repeat(201),
            "q=",
            "q=" + "x".repeat(201),
            "after=",
            "after=1",
            "after=%00",
            "parent=1",
            "before=1",
            "Status=failed")) {
      String name = query.substring(0, query.indexOf('='));
      get("/v1/tasks?" + query, 400, null, name);
    }
    get("/v1/tasks?parent=" + SOME_ID, 404, "task_not_found", "parent");
    get("/v1/tasks?q=%zz", 400, null, null);
    get("/v1/tasks?%", 400, null, null);
    for (String path :
        List.of("/v1/queues", "/v1/queues/ping", "/v1/workers", "/v1/tasks/" + SOME_ID)) {
      get(path + "?verbose=1", 400, null, "verbose");
    }
    for (String path : SINGLE) {
      table.row("POST with a query: " + path, table.head("POST", path + "?a=1"), 400, null, "a");
    }
  }

  private void filters() {
    for (String path : FILTERED) {
      filter(path, "{}", null);
      filter(path, "{\"q\":null}", null);
      filter(path, "[]", null);
      filter(path, "{\"all\":false}", "all");
      filter(path, "{\"all\":\"true\"}", "all");
      filter(path, "{\"all\":true,\"type\":\"ping\"}", "all");
      filter(path, "{\"status\":\"done\"}", "status");
      filter(path, "{\"status\":[]}", "status");
      filter(path, "{\"status\":[1]}", "status");
      filter(path, "{\"status\":{}}", "status");
      filter(path, "{\"type\":1}", "type");
      filter(path, "{\"model\":\"\"}", "model");
      filter(path, "{\"q\":[\"a\"]}", "q");
      filter(path, "{\"owner\":\"somebody\"}", "owner");
      filter(path, "{\"all\":", null);
      table.row(
          "a filter of 17 KiB: " + path,
          table.json(path, b("{\"q\":\"" + "x".repeat(17 << 10) + "\"}")),
          413,
          "request_too_large",
          null);
    }
  }

  private void filter(String path, String body, @Nullable String param) {
    table.row("filter " + body + ": " + path, table.json(path, b(body)), 400, null, param);
  }

  private void ids() {
    for (String id : List.of(SOME_ID, "1", "%00", "a%2Fb")) {
      for (String what : List.of("cancel", "retry")) {
        String path = "/v1/tasks/" + id + "/" + what;
        table.row("POST " + path, table.head("POST", path), 404, "task_not_found", "id");
      }
      get("/v1/tasks/" + id + "/events", 404, "task_not_found", "id");
      get("/api/v1/embedding/" + id, 404, "task_not_found", "task_id");
    }
  }

  private void queues() {
    for (String lane : List.of("mining", "embedding.gpt-7", "..%2f", "%00", "ping.")) {
      get("/v1/queues/" + lane, 404, "queue_not_found", "lane");
      for (String what : List.of("pause", "resume", "purge")) {
        String path = "/v1/queues/" + lane + "/" + what;
        table.row("POST " + path, table.head("POST", path), 404, "queue_not_found", "lane");
      }
    }
  }

  private void get(String path, int status, @Nullable String code, @Nullable String param) {
    String name = path.length() > 100 ? path.substring(0, 100) + "…" : path;
    table.row("GET " + name, table.head("GET", path), status, code, param);
  }

  private void keys() {
    for (String path : List.of("/v1/tasks", "/v1/embeddings", "/api/v1/embedding")) {
      String body = "{\"input\":\"a\",\"type\":\"embedding\",\"text\":\"a\"}";
      if (path.equals("/v1/tasks")) {
        body = "{\"type\":\"ping\"}";
      }
      for (String key : List.of("", "a b", "x".repeat(256), "\u00e9", "a\tb")) {
        table.row(
            "an Idempotency-Key of " + key.length() + " '" + key.strip() + "': " + path,
            table.head(
                    "POST",
                    path,
                    "Content-Type: application/json",
                    "Idempotency-Key: " + key,
                    "Content-Length: " + body.length())
                + body,
            400,
            null,
            "Idempotency-Key");
      }
    }
  }

  private void dropIn() {
    plain("{}", "text");
    plain("{\"text\":\"\"}", "text");
    plain("{\"text\":1}", "text");
    plain("{\"text\":[\"a\"]}", "text");
    plain("{\"texts\":[]}", "texts");
    plain("{\"texts\":\"a\"}", "texts");
    plain("{\"texts\":[1]}", "texts");
    plain("{\"texts\":[\"a\",1]}", "texts[1]");
    plain("{\"texts\":[\"a\",\"\"]}", "texts[1]");
    plain("{\"text\":\"a\",\"texts\":[\"a\"]}", "texts");
    plain("{\"text\":\"a\",\"model\":7}", "model");
    table.row(
        "an unknown model: /api/v1/embedding",
        table.json("/api/v1/embedding", b("{\"text\":\"a\",\"model\":\"gpt-7\"}")),
        404,
        "model_not_found",
        "model");
  }

  private void plain(String body, String param) {
    table.row("plain " + body, table.json("/api/v1/embedding", b(body)), 400, null, param);
  }
}
