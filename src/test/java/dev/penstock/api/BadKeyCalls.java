package dev.penstock.api;

import static dev.penstock.api.BadInputTable.b;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the table of bad input that is about API keys. */
final class BadKeyCalls {
  private static final String PATH = "/v1/keys";
  private final BadInputTable table;

  BadKeyCalls(BadInputTable table) {
    this.table = table;
  }

  void addRows() {
    String id = PATH + "/key-none";
    for (String line : List.of("GET " + PATH, "POST " + PATH, "DELETE " + id)) {
      table.row(
          "no key: " + line,
          line + " HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n",
          401,
          "invalid_api_key",
          null);
    }
    table.row("PUT " + PATH, table.head("PUT", PATH), 405, "method_not_allowed", null);
    table.row("GET " + id, table.head("GET", id), 405, "method_not_allowed", null);
    table.row("an unknown key", table.head("DELETE", id), 404, "key_not_found", "id");
    table.row("a query at keys", table.head("GET", PATH + "?owner=a"), 400, null, "owner");
    table.row(
        "a large body: " + PATH,
        table.json(PATH, b("{\"owner\":\"" + "a".repeat(KeysResource.MAX_BODY) + "\"}")),
        413,
        "request_too_large",
        null);
    body("no JSON", "hello", null);
    body("a list", "[]", null);
    body("nothing", "{}", "owner");
    for (String owner :
        List.of(
            "7",
            "\"\"",
            "\"a b\"",
            "\".a\"",
            "\"\\u0000\"",
            "\"é\"",
            "\"" + "a".repeat(65) + "\"")) {
      body("owner " + owner, "{\"scopes\":[\"client\"],\"owner\":" + owner + "}", "owner");
    }
    for (String scopes :
        List.of(
            "null",
            "[]",
            "\"client\"",
            "[7]",
            "[\"CLIENT\"]",
            "[\"root\"]",
            "[\"worker\",\"client\"]")) {
      body("scopes " + scopes, "{\"owner\":\"a\",\"scopes\":" + scopes + "}", "scopes");
    }
    String start = "{\"owner\":\"a\",\"scopes\":[\"client\"],";
    for (String label : List.of("7", "\"\"", "\"a\\nb\"", "\"" + "a".repeat(101) + "\"")) {
      body("label " + label, start + "\"label\":" + label + "}", "label");
    }
    for (String highest : List.of("-1", "11", "1.5", "\"high\"")) {
      body("max_priority " + highest, start + "\"max_priority\":" + highest + "}", "max_priority");
    }
    body("an unknown field", start + "\"key\":\"mine\"}", "key");
  }

  private void body(String name, String json, @Nullable String param) {
    table.row(name + ": " + PATH, table.json(PATH, b(json)), 400, null, param);
  }
}
