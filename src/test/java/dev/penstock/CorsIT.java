package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.penstock.testing.Browser;
import dev.penstock.testing.PenstockProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages of other sites in a real browser, before the real program. */
final class CorsIT {
  private static final String JSON = "'Content-Type': 'application/json'";
  private static final String KEY = "'Authorization': 'Bearer " + PenstockProcess.KEY + "'";

  /** What OpenAI's client for JavaScript sends beside them. */
  private static final String CLIENT =
      "'x-stainless-lang': 'js', 'x-stainless-timeout': '600', 'x-stainless-retry-count': '0',"
          + " 'openai-organization': 'org', 'idempotency-key': 'key-' + Math.random()";

  @TempDir static Path folder;
  private static HttpServer pages;
  private static HttpServer others;
  private static PenstockProcess penstock;
  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    pages = pages();
    others = pages();
    String origins = address("localhost", pages) + "," + address("127.0.0.1", pages);
    penstock = PenstockProcess.start(folder, Map.of("API_CORS_ORIGINS", origins));
    browser = Browser.start(penstock, folder.resolve("browser"));
  }

  private static HttpServer pages() throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] page = "<!doctype html><title>A page</title>".getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "text/html");
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    server.start();
    return server;
  }

  @AfterAll
  static void stop() throws IOException {
    browser.close();
    penstock.close();
    pages.stop(0);
    others.stop(0);
  }

  private static String address(String host, HttpServer server) {
    return "http://" + host + ":" + server.getAddress().getPort();
  }

  /** Opens the page, whose script asks: the status, a header and the text, or "no". */
  private static List<?> ask(String page, String path, String options) {
    browser.driver().get(page);
    Object told =
        browser
            .driver()
            .executeAsyncScript(
                """
                const done = arguments[arguments.length - 1];
                fetch("%s%s", %s).then(
                  (reply) => reply.text().then(
                    (text) => done([reply.status, reply.headers.get("x-request-id"), text])),
                  () => done(["no"]));
                """
                    .formatted(penstock.uri(), path, options));
    return (List<?>) Objects.requireNonNull(told);
  }

  private static List<?> ask(String path, String options) {
    return ask(address("localhost", pages), path, options);
  }

  private static String post(String headers, String json) {
    return "{method: 'POST', headers: {%s}, body: '%s'}".formatted(headers, json);
  }

  @Test
  void aPageOfTheSettingUsesTheApiAsOpenAisClientDoes() {
    var told =
        ask("/v1/embeddings", post(JSON + ", " + KEY + ", " + CLIENT, "{\"input\": \"Water\"}"));
    assertThat(told.get(0)).isEqualTo(200L);
    assertThat((String) told.get(1)).as("a header").startsWith("req_");
    assertThat((String) told.get(2)).contains("\"embedding\"");
  }

  @Test
  void itsErrorsTellThePageWhatIsWrong() {
    var stranger = ask("/v1/embeddings", post(JSON + ", 'api-key': 'sk-no'", "{}"));
    assertThat(stranger.get(0)).isEqualTo(401L);
    assertThat((String) stranger.get(2)).contains("invalid_api_key");
    assertThat(ask("/embeddings", post(JSON + ", " + KEY, "{}")).get(0)).isEqualTo(404L);
    assertThat(ask("/v1/embeddings", "{method: 'PUT', body: '1'}").get(0)).isEqualTo(405L);
  }

  @Test
  void itFollowsATask() {
    String made = (String) ask("/v1/tasks", post(JSON + ", " + KEY, "{\"type\": \"ping\"}")).get(2);
    String id = made.replaceFirst("(?s).*\"id\":\"([0-9a-v]+)\".*", "$1");
    var events = ask("/v1/tasks/" + id + "/events", "{headers: {" + KEY + "}}");
    assertThat((String) events.get(2)).contains("\"completed\"");
  }

  @Test
  void aPageOfAnotherSiteReadsNothing() {
    for (String host : List.of("localhost", "127.0.0.1")) {
      String page = address(host, others);
      assertThat(ask(page, "/v1/models", "{headers: {" + KEY + "}}").get(0)).isEqualTo("no");
      assertThat(ask(page, "/health", "{}").get(0)).isEqualTo("no");
    }
  }

  /** Browsers send the cookie between ports of one host, whatever it says of sites. */
  @Test
  void whoIsLoggedInIsNobodyToOtherPages() {
    browser.logInAfresh();
    String page = address("127.0.0.1", pages);
    for (String options : List.of("{credentials: 'include'}", "{}")) {
      assertThat(ask(page, "/dashboard/tasks", options).get(0)).isEqualTo("no");
    }
    assertThat(ask(page, "/metrics", "{credentials: 'include'}").get(0)).isEqualTo("no");
    assertThat(ask(page, "/metrics", "{}").get(0)).isEqualTo(401L);
  }
}
