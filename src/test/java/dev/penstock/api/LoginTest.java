package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets to the pages, and what may be sent from where. */
final class LoginTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = new TestServer(Map.of("session.idle", "10m"));
  }

  @AfterEach
  void stop() throws Exception {
    client.shutdownNow();
    server.close();
  }

  private HttpRequest.Builder request(String path, String... headers) {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .timeout(Duration.ofSeconds(20));
    return headers.length == 0 ? request : request.headers(headers);
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    return client.send(request(path, headers).GET().build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String form, String... headers) throws Exception {
    return client.send(
        request(path, headers)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private String origin() {
    return "http://127.0.0.1:" + server.port();
  }

  private HttpResponse<String> logIn(String key) throws Exception {
    return post("/login", "key=" + key, "Origin", origin());
  }

  private static @Nullable String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  private String cookie() throws Exception {
    String cookie = header(logIn(TestServer.KEY), "Set-Cookie");
    return cookie == null ? "" : cookie.split(";", 2)[0];
  }

  @Test
  void aPageLeadsToTheLoginAndBack() throws Exception {
    var refused = get("/dashboard/tasks?state=failed");
    assertThat(refused.statusCode()).isEqualTo(303);
    assertThat(header(refused, "Location"))
        .isEqualTo("/login?next=%2Fdashboard%2Ftasks%3Fstate%3Dfailed");
    assertThat(header(get("/"), "Location")).isEqualTo("/login");
    var login = post("/login", "next=%2Fdashboard%2Fx&key=" + TestServer.KEY, "Origin", origin());
    assertThat(login.statusCode()).isEqualTo(303);
    assertThat(header(login, "Location")).isEqualTo("/dashboard/x");
  }

  @Test
  void aPartOfAPageSendsTheWholeToTheLogin() throws Exception {
    var refused = get("/dashboard/tasks", "HX-Request", "true");
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(header(refused, "HX-Redirect")).isEqualTo("/login?next=%2Fdashboard%2Ftasks");
  }

  @Test
  void aLoginGivesACookieThatOpensThePages() throws Exception {
    var login = logIn(TestServer.KEY);
    assertThat(header(login, "Set-Cookie")).contains("HttpOnly", "SameSite=Strict");
    var page = get("/", "Cookie", cookie());
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body()).contains("No tasks yet");
    assertThat(header(page, "Content-Security-Policy"))
        .startsWith("default-src 'self'; img-src 'self' data:");
    assertThat(get("/metrics", "Cookie", cookie()).statusCode()).isEqualTo(200);
    assertThat(get("/v1/models", "Cookie", cookie()).statusCode()).isEqualTo(401);
  }

  @Test
  void theKeyItselfOpensNoPage() throws Exception {
    assertThat(server.get("/").statusCode()).isEqualTo(303);
  }

  @Test
  void behindTlsTheCookieIsForTlsOnly() throws Exception {
    var login =
        post("/login", "key=" + TestServer.KEY, "Origin", origin(), "X-Forwarded-Proto", "https");
    assertThat(header(login, "Set-Cookie")).endsWith("; Secure");
    assertThat(header(logIn(TestServer.KEY), "Set-Cookie")).doesNotContain("Secure");
  }

  @Test
  void aWrongKeyIsRefusedAndSoonHasToWait() throws Exception {
    for (int i = 0; i < 5; i++) {
      var refused = logIn("nope");
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.body()).contains("This API key is not known here.");
      assertThat(header(refused, "Set-Cookie")).isNull();
    }
    var slowed = logIn(TestServer.KEY);
    assertThat(slowed.statusCode()).isEqualTo(429);
    assertThat(slowed.body()).contains("Too many wrong keys. Try again in ");
    assertThat(Integer.parseInt(String.valueOf(header(slowed, "Retry-After")))).isBetween(1, 61);
  }

  @Test
  void aNewLoginEndsTheOldSession() throws Exception {
    String old = cookie();
    post("/login", "key=" + TestServer.KEY, "Origin", origin(), "Cookie", old);
    assertThat(get("/", "Cookie", old).statusCode()).isEqualTo(303);
  }

  @Test
  void whoLogsOutIsOut() throws Exception {
    String cookie = cookie();
    var out = post("/logout", "", "Origin", origin(), "Cookie", cookie);
    assertThat(header(out, "Location")).isEqualTo("/login");
    assertThat(header(out, "Set-Cookie")).contains("Max-Age=0");
    assertThat(get("/", "Cookie", cookie).statusCode()).isEqualTo(303);
  }

  @ParameterizedTest
  @CsvSource({
    "Sec-Fetch-Site,cross-site",
    "Sec-Fetch-Site,same-site",
    "Sec-Fetch-Site,none",
    "Origin,http://evil.test",
    "Origin,null",
    "X-Nothing,said"
  })
  void whatAnotherSiteSendsIsRefused(String name, String value) throws Exception {
    String cookie = cookie();
    for (String path : new String[] {"/dashboard/lanes/pause", "/logout", "/login"}) {
      var forged = post(path, "lane=ping", "Cookie", cookie, name, value);
      assertThat(forged.statusCode()).as(path).isEqualTo(403);
    }
    assertThat(get("/", "Cookie", cookie).statusCode()).isEqualTo(200);
  }

  @Test
  void whatOurPagesSendIsTaken() throws Exception {
    String cookie = cookie();
    assertThat(post("/logout", "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin").statusCode())
        .isEqualTo(303);
  }

  @Test
  void theFormSubmitsByTheRulesOfTheApi() throws Exception {
    String cookie = cookie();
    String form = "type=ping&priority=7&json-ping=%7B%22n%22%3A1%7D";
    var taken = post("/dashboard/submit", form, "Origin", origin(), "Cookie", cookie);
    assertThat(taken.statusCode()).isEqualTo(303);
    assertThat(server.dispatcher.tasks.values())
        .singleElement()
        .satisfies(task -> {
          assertThat(header(taken, "Location")).isEqualTo("/dashboard/tasks/" + task.id());
          assertThat(task.spec().priority().value()).isEqualTo(7);
        });
    var refused =
        post(
            "/dashboard/submit",
            "type=ping&json-ping=%7B%22n%22%3A%22x%22%7D",
            "Origin",
            origin(),
            "Cookie",
            cookie);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("input.n", "role=\"alert\"");
  }

  @Test
  void aQueueThatIsAwayIsSaidInAPage() throws Exception {
    server.dispatcher.away = true;
    var page = get("/dashboard/tasks", "Cookie", cookie());
    assertThat(page.statusCode()).isEqualTo(503);
    assertThat(page.body()).contains("does not answer");
  }

  @Test
  void aFormWithoutATextSpeaksOfTheText() throws Exception {
    var refused =
        post(
            "/dashboard/submit",
            "type=embedding&model-embedding=all-minilm-l6-v2&text-embedding=&json-ping=%7B%7D",
            "Origin",
            origin(),
            "Cookie",
            cookie());
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("The text is empty").doesNotContain("&#39;input&#39;");
  }

  @ParameterizedTest
  @CsvSource({
    "/dashboard/tasks?state=bogus, 400, pending",
    "/dashboard/retry?status=failed, 400, status",
    "/dashboard/cancel?state=bogus, 400, bogus",
    "/dashboard/nope, 404, No such page",
    "/dashboard/health, 200, Every part works",
    "/dashboard/submit, 200, <code>sleep_ms</code> integer",
  })
  void aPageAnswersInAPage(String path, int status, String words) throws Exception {
    var page = get(path, "Cookie", cookie());
    assertThat(page.statusCode()).isEqualTo(status);
    assertThat(page.body()).contains("<!DOCTYPE html>", words, "aria-label=\"Pages\"");
  }

  @Test
  void endedTasksAreDeletedOneByOneAndAllAtOnce() throws Exception {
    String cookie = cookie();
    for (int i = 0; i < 3; i++) {
      server.post("/v1/tasks", "{\"type\":\"ping\"}");
    }
    String id = server.dispatcher.tasks.keySet().iterator().next().value();
    var page = get("/dashboard/tasks/" + id, "Cookie", cookie);
    assertThat(page.body()).contains("action=\"/dashboard/tasks/" + id + "/delete\"");
    var deleted =
        post("/dashboard/tasks/" + id + "/delete", "", "Origin", origin(), "Cookie", cookie);
    assertThat(deleted.statusCode()).isEqualTo(303);
    assertThat(deleted.headers().firstValue("Location")).contains("/dashboard/tasks?deleted=1");
    assertThat(get("/dashboard/tasks?deleted=1", "Cookie", cookie).body())
        .contains("1 task deleted.", "Delete all…");
    assertThat(server.dispatcher.tasks).hasSize(2);
    assertThat(get("/dashboard/delete?state=completed", "Cookie", cookie).statusCode())
        .isEqualTo(200);
    post("/dashboard/delete", "state=failed", "Origin", origin(), "Cookie", cookie);
    assertThat(server.dispatcher.tasks).hasSize(2);
    post("/dashboard/delete", "state=completed", "Origin", origin(), "Cookie", cookie);
    assertThat(server.dispatcher.tasks).isEmpty();
  }

  @Test
  void aSweepOfWhatIsNotUnderstoodChangesNothing() throws Exception {
    String cookie = cookie();
    for (String path :
        new String[] {"/dashboard/cancel", "/dashboard/retry", "/dashboard/delete"}) {
      var refused = post(path, "status=failed", "Origin", origin(), "Cookie", cookie);
      assertThat(refused.statusCode()).isEqualTo(400);
    }
  }
}
