package dev.penstock.api;

import static dev.penstock.web.Route.Access.OPEN;

import dev.penstock.web.Assets;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** {@code /docs} and {@code /openapi.yaml}: the contract, to read and to try. */
final class DocsResource {
  private static final String CSS = "text/css; charset=utf-8";
  private static final String JS = "text/javascript; charset=utf-8";

  private final String page =
      new String(Assets.read(Assets.OURS + "docs.html"), StandardCharsets.UTF_8);

  Reply page(Exchange exchange) {
    return Reply.html(page);
  }

  /** The files that the page is made of. */
  static List<Route> files() {
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
            Assets.file(Assets.OURS + "openapi.yaml", "application/yaml; charset=utf-8")));
  }
}
