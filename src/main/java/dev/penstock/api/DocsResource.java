package dev.penstock.api;

import static dev.penstock.web.Route.Access.OPEN;

import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.Assets;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** {@code /docs} and {@code /openapi.yaml}: the contract, to read and to try. */
final class DocsResource {
  private static final String CSS = "text/css; charset=utf-8";
  private static final String JS = "text/javascript; charset=utf-8";

  /** The types that the contract's text has, and what follows the last one's part. */
  private static final String TYPES = "enum: [embedding, generation, ping]";

  private static final String PARTS_END = "        # One more for each type of a plugin.\n";

  private final String page =
      new String(Assets.read(Assets.OURS + "docs.html"), StandardCharsets.UTF_8);

  Reply page(Exchange exchange) {
    return Reply.html(page);
  }

  /** The files that the page is made of. */
  static List<Route> files(TaskTypes types) {
    Route.Resource whole = yaml(contract(types));
    // Names of plugins are for those who have a key.
    Route.Resource ours = types.all().size() > TaskTypes.BUILT_IN.size() ? yaml(text()) : whole;
    return List.of(
        Route.get(
            "/docs/swagger-ui.css", OPEN, Assets.file(Assets.SWAGGER_UI + "swagger-ui.css", CSS)),
        Route.get(
            "/docs/swagger-ui-bundle.js",
            OPEN,
            Assets.file(Assets.SWAGGER_UI + "swagger-ui-bundle.js", JS)),
        Route.get("/docs/docs.css", OPEN, Assets.file(Assets.OURS + "docs.css", CSS)),
        Route.get("/docs/docs.js", OPEN, Assets.file(Assets.OURS + "docs.js", JS)),
        Route.get(
            "/openapi.yaml",
            OPEN,
            exchange -> (exchange.known().isPresent() ? whole : ours).answer(exchange)));
  }

  private static Route.Resource yaml(String contract) {
    return Assets.of(contract.getBytes(StandardCharsets.UTF_8), "application/yaml; charset=utf-8");
  }

  private static String text() {
    return new String(Assets.read(Assets.OURS + "openapi.yaml"), StandardCharsets.UTF_8);
  }

  /** The contract of a server with these types: those of plugins can be submitted like the rest. */
  static String contract(TaskTypes types) {
    String text = text();
    var parts = new StringBuilder();
    for (TaskType type : types.all()) {
      if (TaskTypes.BUILT_IN.stream().noneMatch(each -> each.name().equals(type.name()))) {
        String model = type.modelKind() == null ? ", model: { enum: ['', null] }" : "";
        parts.append(
            "        - { title: \"%s\", properties: { type: { const: \"%s\" }%s } }\n"
                .formatted(type.name(), type.name(), model));
      }
    }
    String names = types.names().stream().collect(Collectors.joining("\", \"", "enum: [\"", "\"]"));
    return text.replace(TYPES, names).replace(PARTS_END, parts);
  }
}
