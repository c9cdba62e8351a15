package dev.penstock.api;

import static dev.penstock.api.BadInputTable.SOME_ID;
import static dev.penstock.api.BadInputTable.b;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the table of bad input that is about remote workers. */
final class BadWorkerCalls {
  private final BadInputTable table;

  BadWorkerCalls(BadInputTable table) {
    this.table = table;
  }

  void addRows() {
    for (String route : List.of("lease", "extend", "settle", "children")) {
      table.row(
          "GET /v1/worker/" + route,
          table.head("GET", "/v1/worker/" + route),
          405,
          "method_not_allowed",
          null);
      table.row(
          "no key: /v1/worker/" + route,
          "POST /v1/worker/" + route + " HTTP/1.1\r\nHost: test\r\n\r\n",
          401,
          "invalid_api_key",
          null);
      bad(route, "[]", null);
      bad(route, "{\"what\":1}", "what");
    }
    leases();
    extends_();
    settles();
    awaits();
    children();
  }

  private void leases() {
    for (String worker : List.of("null", "1", "\"\"", "\"node-1\"", "\"a b\"", "\"../x\"")) {
      bad("lease", "{\"worker\":" + worker + ",\"lanes\":[\"ping\"]}", "worker");
    }
    lease("\"lanes\":[]", "lanes");
    lease("\"lanes\":\"ping\"", "lanes");
    lease("\"lanes\":[\"ping\",\"ping\"]", "lanes");
    lease("\"lanes\":[1]", "lanes[0]");
    lease("\"lanes\":[{\"lane\":\"ping\",\"more\":1}]", "lanes[0].more");
    lease("\"lanes\":[{\"max\":1}]", "lanes[0].lane");
    lease("\"lanes\":[\"ping\"],\"max\":0", "max");
    lease("\"lanes\":[\"ping\"],\"max\":257", "max");
    lease("\"lanes\":[\"ping\"],\"max_bytes\":0", "max_bytes");
    lease("\"lanes\":[\"ping\"],\"min_priority\":11", "min_priority");
    lease("\"lanes\":[\"ping\"],\"wait_seconds\":31", "wait_seconds");
    lease("\"lanes\":[\"ping\"],\"suspects\":\"eat\"", "suspects");
    lease("\"lanes\":[\"ping\"],\"max\":2,\"suspects\":\"take\"", "suspects");
    lease("\"lanes\":[{\"lane\":\"ping\",\"max\":1,\"suspects\":\"take\"}],\"max\":2", "max");
    lease("\"lanes\":[\"ping\"],\"figures\":[]", "figures");
    lease("\"lanes\":[\"ping\"],\"figures\":{\"running\":-1}", "figures.running");
    for (String lane :
        List.of("pong", "embedding", "embedding.none", "ping.all-minilm-l6-v2", ".")) {
      row(
          "lease",
          "{\"worker\":\"w\",\"lanes\":[\"" + lane + "\"]}",
          404,
          "lane_not_found",
          "lanes[0]");
    }
  }

  private void lease(String members, String param) {
    bad("lease", "{\"worker\":\"w\"," + members + "}", param);
  }

  private void extends_() {
    extend("{}", "leases");
    extend("[],\"stopping\":1", "stopping");
    extend("[],\"stopping\":true", "figures.started_at");
    extend("[],\"stopped\":true", "figures.started_at");
    extend("[],\"figures\":[]", "figures");
  }

  private void extend(String leases, String param) {
    bad("extend", "{\"worker\":\"w\",\"leases\":" + leases + "}", param);
  }

  private void settles() {
    bad("settle", "{\"id\":\"x\",\"token\":\"t\",\"outcome\":\"done\"}", "id");
    settle("\"outcome\":\"well\"", "outcome");
    bad("settle", "{\"result\":1,\"result\":2}", null);
    bad("settle", "{\"result\":[1,}", null);
    settle("\"outcome\":\"postpone\",\"delay_seconds\":-1", "delay_seconds");
    settle("\"outcome\":\"postpone\",\"delay_seconds\":2592001", "delay_seconds");
    settle("\"outcome\":\"postpone\",\"delay_seconds\":\"1\"", "delay_seconds");
    row(
        "settle",
        "{\"id\":\"" + SOME_ID + "\",\"token\":\"t\",\"outcome\":\"done\",\"result\":1}",
        409,
        "lease_stale",
        "token");
  }

  private void awaits() {
    settle("\"outcome\":\"await\",\"wake_at\":-1", "wake_at");
    settle("\"outcome\":\"await\",\"wake_at\":1025", "wake_at");
    settle("\"outcome\":\"await\",\"wait_seconds\":2592001", "wait_seconds");
    settle("\"outcome\":\"await\",\"wake_on_failure\":1", "wake_on_failure");
    settle("\"outcome\":\"await\",\"await_checkpoint\":\"!\"", "await_checkpoint");
    settle("\"outcome\":\"await\",\"children\":{}", "children");
    child("1", "children[0]");
    child("{\"type\":\"ping\"}", "children[0].key");
    child("{\"key\":\"" + "k".repeat(201) + "\",\"type\":\"ping\"}", "children[0].key");
    child("{\"key\":\"k\"}", "children[0].type");
    child("{\"key\":\"k\",\"type\":\"ping.x\"}", "children[0].type");
    child("{\"key\":\"k\",\"type\":\"ping\",\"more\":1}", "children[0].more");
    child("{\"key\":\"k\",\"type\":\"ping\",\"priority\":11}", "children[0].priority");
    child("{\"key\":\"k\",\"type\":\"ping\",\"max_attempts\":1}", "children[0].timeout_seconds");
    child("{\"key\":\"k\",\"type\":\"ping\",\"timeout_seconds\":1}", "children[0].max_attempts");
    child("{\"key\":\"k\",\"type\":\"ping\",\"ttl_seconds\":-1}", "children[0].ttl_seconds");
    child("{\"key\":\"k\",\"type\":\"ping\",\"metadata\":{\"a\":1}}", "children[0].metadata");
    child("{\"key\":\"k\",\"type\":\"ping\"},{\"key\":\"k\",\"type\":\"ping\"}", "children[1].key");
  }

  private void child(String json, String param) {
    settle("\"outcome\":\"await\",\"children\":[" + json + "]", param);
  }

  private void children() {
    String lease = "{\"worker\":\"w\",\"id\":\"" + SOME_ID + "\",\"token\":\"t\"";
    bad("children", lease + ",\"limit\":0}", "limit");
    bad("children", lease + ",\"limit\":1001}", "limit");
    bad("children", lease + ",\"after\":\"x\"}", "after");
    bad("children", "{\"worker\":\"w\",\"id\":\"" + SOME_ID + "\"}", "token");
  }

  private void settle(String members, String param) {
    bad("settle", "{\"id\":\"" + SOME_ID + "\",\"token\":\"t\"," + members + "}", param);
  }

  private void bad(String route, String body, @Nullable String param) {
    row(route, body, 400, null, param);
  }

  private void row(
      String route, String body, int status, @Nullable String code, @Nullable String param) {
    String path = "/v1/worker/" + route;
    table.row(path + " " + body, table.json(path, b(body)), status, code, param);
  }
}
