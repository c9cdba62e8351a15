package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.web.Assets;
import dev.penstock.web.Route;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class OpenApiTest {
  /** What pages are made of is no part of the contract. */
  private static final List<String> FILES =
      List.of("/docs/", "/assets/", "/dashboard/", "/login", "/logout");

  /** The routes that programs use: pages and what they are made of are none. */
  private static List<Route> contracted(TestServer server) {
    return server.verticle().routes().all().stream()
        .filter(route -> FILES.stream().noneMatch(route.path()::startsWith))
        .filter(route -> !server.pages.contains(route))
        .toList();
  }

  private static final Set<String> METHODS =
      Set.of("get", "post", "put", "delete", "patch", "head");

  private static Map<?, ?> contract() {
    var options = new LoaderOptions();
    options.setMaxAliasesForCollections(100);
    return new Yaml(new SafeConstructor(options))
        .load(
            new String(
                Assets.read(Assets.OURS + "openapi.yaml"),
                java.nio.charset.StandardCharsets.UTF_8));
  }

  private static Map<?, ?> map(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new AssertionError("not a map: " + value);
  }

  @Test
  void everyRouteIsInTheContractAndEveryRouteOfTheContractExists() throws Exception {
    var written = new TreeSet<String>();
    map(contract().get("paths"))
        .forEach((path, operations) ->
            map(operations).keySet().stream()
                .map(Object::toString)
                .filter(METHODS::contains)
                .forEach(method -> written.add(method.toUpperCase(Locale.ROOT) + " " + path)));
    var served = new TreeSet<String>();
    try (var server = TestServer.start()) {
      for (Route route : contracted(server)) {
        served.add(route.method() + " " + route.path());
      }
    }
    assertThat(served).isEqualTo(written);
  }

  @Test
  void whatNeedsAKeySaysSo() throws Exception {
    var paths = map(contract().get("paths"));
    try (var server = TestServer.start()) {
      for (Route route : contracted(server)) {
        var operation =
            map(map(paths.get(route.path())).get(route.method().name().toLowerCase(Locale.ROOT)));
        Object security = operation.get("security");
        boolean open = security instanceof List<?> list && list.isEmpty();
        assertThat(open).as(route.path()).isEqualTo(route.access() == Route.Access.OPEN);
        assertThat(map(operation.get("responses")).containsKey("401"))
            .as(route.path())
            .isEqualTo(!open);
      }
    }
  }

  /** A comma in an unquoted text of a flow mapping ends it, and makes a key of the rest. */
  @Test
  void noTextIsCutByAComma() {
    checkValues(contract(), "");
  }

  private static void checkValues(@Nullable Object node, String at) {
    if (node instanceof Map<?, ?> map) {
      map.forEach((key, value) -> {
        if (!key.equals("code") && !key.equals("param")) {
          assertThat(value).as(at + "/" + key).isNotNull();
        }
        checkValues(value, at + "/" + key);
      });
    } else if (node instanceof List<?> list) {
      list.forEach(value -> checkValues(value, at));
    }
  }

  @Test
  void everyReferenceLeadsSomewhere() {
    Map<?, ?> contract = contract();
    check(contract, contract);
  }

  private static void check(Map<?, ?> contract, @Nullable Object node) {
    if (node instanceof Map<?, ?> map) {
      if (map.get("$ref") instanceof String reference) {
        @Nullable Object at = contract;
        for (String step : reference.substring("#/".length()).split("/", -1)) {
          at = map(at).get(step);
        }
        assertThat(at).as(reference).isNotNull();
      }
      map.values().forEach(value -> check(contract, value));
    } else if (node instanceof List<?> list) {
      list.forEach(value -> check(contract, value));
    }
  }
}
