package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Browser;
import dev.penstock.testing.PenstockProcess;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;

/** The dashboard of the real program in a real browser. */
final class DashboardIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String ADVICE = "axe draws, and the browser has advice on that";
  private static final String SCRIPT = "<script>alert(1)</script>";

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static Browser browser;
  private static Api api;

  @BeforeAll
  static void start() throws Exception {
    penstock =
        PenstockProcess.start(
            folder, Map.of("INFERENCE_TASKS_IN_HAND", "4", "TASK_RETRY_BASE", "50ms"));
    api = penstock.api();
    browser = Browser.start(penstock, folder.resolve("browser"));
  }

  @AfterAll
  static void stop() throws Exception {
    try (var _ = penstock;
        var _ = api) {
      browser.close();
    }
  }

  @BeforeEach
  void logIn() {
    browser.logInAfresh();
    browser.console();
  }

  /** Errors of scripts, files that are missing, and what the content security policy stopped. */
  @AfterEach
  void theConsoleIsEmpty() {
    assertThat(browser.console()).isEmpty();
  }

  private static String submit(String json) throws Exception {
    var answer = api.post("/v1/tasks", json);
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
    return answer.json().path("id").asText();
  }

  private static void awaitStatus(String id, String status) throws Exception {
    Await.until(
        "the task is " + status,
        LIMIT,
        () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals(status));
  }

  /** A page that was loaded again has forgotten this. */
  private static void mark() {
    browser.driver().executeScript("window.loadedOnce = true");
  }

  private static void assertNotLoadedAgain() {
    assertThat(browser.driver().executeScript("return window.loadedOnce")).isEqualTo(true);
  }

  private static void awaitState(String state) {
    browser.await(
        "the page shows " + state, () -> browser.shows(".now [data-state='" + state + "']"));
  }

  private static void fill(String selector, String text) {
    var field = browser.driver().findElement(By.cssSelector(selector));
    field.clear();
    field.sendKeys(text);
  }

  @Test
  void theLoginLeadsToThePageThatWasAskedForAndRefusesAWrongKey() {
    browser.driver().manage().deleteAllCookies();
    browser.open("/dashboard/tasks?state=failed");
    assertThat(browser.path()).startsWith("/login?next=");
    browser.logIn("not-the-key");
    browser.await("it is refused", () -> browser.text("[role=alert]").contains("not known"));
    assertThat(browser.console())
        .as("the browser notes the 401")
        .allMatch(line -> line.contains("401"));
    browser.logIn(PenstockProcess.KEY);
    browser.await(
        "the page is shown", () -> browser.path().equals("/dashboard/tasks?state=failed"));
  }

  @Test
  void aTaskSubmittedFromThePageIsWatchedToItsEndWithoutALoad() {
    browser.open("/");
    browser.driver().findElement(By.linkText("New task")).click();
    browser.click("input[value=ping]");
    fill("#json-ping", "{\"sleep_ms\": 4000, \"steps\": 8, \"note\": \"" + SCRIPT + "\"}");
    browser.click("form.submit button[type=submit]");
    browser.await("the task is shown", () -> browser.path().startsWith("/dashboard/tasks/"));
    mark();
    awaitState("processing");
    browser.await("its progress is shown", () -> browser.shows("progress"));
    awaitState("completed");
    assertNotLoadedAgain();
    assertThat(browser.text("pre")).contains(SCRIPT);
    assertThat(browser.text(".timeline")).contains("Created", "Started", "Completed");
    assertThat(browser.text("#said")).isEqualTo("The task is completed.");
  }

  private static Api.Answer sayHello(String worker) throws Exception {
    return api.post(
        "/v1/worker/extend",
        """
        {"worker":"%s","leases":[],
         "figures":{"host":"attic","lanes":["ping"],"running":0,"started_at":1700000000}}
        """
            .formatted(worker));
  }

  @Test
  void aWorkerIsShownAndDrainedFromThePage() throws Exception {
    assertThat(sayHello("far-1").status()).isEqualTo(200);
    browser.open("/dashboard/workers");
    browser.await("it is shown", () -> browser.shows("#drain-far-1"));
    mark();
    assertThat(browser.text("main")).contains("2 workers run tasks.", "attic", "worker over HTTP");
    browser.click("#drain-far-1");
    browser.await("a question is asked", () -> browser.shows("dialog[open] #dialog-title"));
    assertThat(browser.text("dialog")).contains("Drain far-1", "Others do what waits.");
    assertNotLoadedAgain();
    browser.click("dialog button[type=submit]");
    Await.until(
        "the worker hears of it, and is shown as drained",
        LIMIT,
        () ->
            sayHello("far-1").json().path("drain").asBoolean()
                && browser.text("main").contains("1 of 2 workers takes tasks.")
                && !browser.shows("#drain-far-1"));
  }

  @Test
  void theOverviewCountsByItself() throws Exception {
    // Work of other tests that still ran would end meanwhile, and be counted too.
    api.post("/v1/tasks/cancel", "{\"all\":true}");
    Await.until("nothing runs", LIMIT, () -> api.metric("penstock_lane_tasks") == 0);
    Await.until("no run is left", LIMIT, () -> api.metric("penstock_lane_running") == 0);
    var done = api.get("/v1/tasks?status=completed&limit=100").json();
    assertThat(done.path("has_more").asBoolean()).as("they are all on one page").isFalse();
    int before = done.path("data").size();
    browser.open("/");
    mark();
    browser.await("what ended before is counted", () -> completed() == before);
    for (int i = 0; i < 3; i++) {
      submit("{\"type\":\"ping\",\"input\":{\"sleep_ms\":1500}}");
    }
    browser.await(
        "running work is counted",
        () -> !browser.text("[data-state=processing] strong").equals("0"));
    browser.await("finished work is counted", () -> completed() == before + 3);
    assertNotLoadedAgain();
  }

  private static int completed() {
    return Integer.parseInt(browser.text("[data-state=completed] strong"));
  }

  @Test
  void aLaneIsPausedPurgedAndResumed() throws Exception {
    submit("{\"type\":\"ping\",\"input\":{},\"delay_seconds\":900}");
    browser.open("/");
    browser.await("the lane is shown", () -> browser.shows("#pause-ping"));
    browser.click("#pause-ping");
    browser.await("it is paused", () -> browser.shows(".badge.paused"));
    String waits = submit("{\"type\":\"ping\",\"input\":{}}");
    browser.await("it waits", () -> browser.shows("#purge-ping"));
    browser.click("#purge-ping");
    browser.await("it asks first", () -> browser.shows("dialog[open] .grave"));
    assertThat(browser.text("dialog")).contains("Purge lane ping");
    browser.click("dialog .grave");
    browser.await("it says what it did", () -> browser.text(".notice").contains("cancelled"));
    awaitStatus(waits, "cancelled");
    browser.click("#pause-ping");
    browser.await("it is resumed", () -> !browser.shows(".badge.paused"));
    String runs = submit("{\"type\":\"ping\",\"input\":{}}");
    awaitStatus(runs, "completed");
  }

  @Test
  void aFailedTaskTellsItsAttemptsAndRunsAgain() throws Exception {
    String failed =
        submit(
            "{\"type\":\"ping\",\"input\":{\"fail_times\":3},\"max_attempts\":2,"
                + "\"metadata\":{\"why\":\"retry-me\"}}");
    awaitStatus(failed, "failed");
    browser.open("/dashboard/tasks?text=retry-me");
    assertThat(browser.driver().findElements(By.cssSelector(".tasks tbody tr"))).hasSize(1);
    browser.click("#task-" + failed);
    assertThat(browser.text(".timeline")).contains("Attempt 1 failed", "Attempt 2 failed");
    mark();
    browser.click("#retry");
    browser.await(
        "it has failed again",
        () ->
            browser.shows(".now [data-state=failed]")
                && browser.text(".timeline").contains("Retried by hand"));
    assertNotLoadedAgain();
  }

  @Test
  void aRunningTaskIsCancelled() throws Exception {
    String id = submit("{\"type\":\"ping\",\"input\":{\"sleep_ms\":60000,\"steps\":600}}");
    browser.open("/dashboard/tasks/" + id);
    awaitState("processing");
    browser.click("#cancel");
    awaitState("cancelled");
    awaitStatus(id, "cancelled");
    assertThat(browser.shows("#retry")).isTrue();
  }

  @Test
  void theRetryOfAChildWhoseParentHasEndedIsRefusedInWords() throws Exception {
    String parent = submit("{\"type\":\"ping\",\"input\":{\"children\":1,\"sleep_ms\":60000}}");
    Await.until("it has a child", LIMIT, () -> !children(parent).isEmpty());
    String child = children(parent).path(0).path("id").asText();
    assertThat(api.post("/v1/tasks/" + parent + "/cancel", "").status()).isEqualTo(200);
    awaitStatus(child, "cancelled");
    browser.open("/dashboard/tasks/" + child);
    mark();
    browser.click("#retry");
    browser.await("it says why not", () -> browser.shows("#refused"));
    assertThat(browser.text("#refused")).contains("retry that one");
    assertThat(browser.shows(".now [data-state=cancelled]")).isTrue();
    assertNotLoadedAgain();
  }

  private static JsonNode children(String parent) throws Exception {
    return api.get("/v1/tasks?parent=" + parent).json().path("data");
  }

  @Test
  void allTasksOfAFilterAreCancelledAfterAQuestion() throws Exception {
    for (int i = 0; i < 3; i++) {
      submit(
          "{\"type\":\"ping\",\"input\":{},\"delay_seconds\":900,"
              + "\"metadata\":{\"batch\":\"sweep-these\"}}");
    }
    browser.open("/dashboard/tasks?state=pending&lane=ping&text=sweep-these");
    browser.click("a[href^='/dashboard/cancel']");
    browser.await("it asks first", () -> browser.shows("dialog[open] .grave"));
    assertThat(browser.text("dialog .grave")).isEqualTo("Cancel 3 tasks");
    browser.click("dialog .grave");
    browser.await("it says so", () -> browser.text(".notice").equals("3 tasks cancelled."));
    browser.open("/dashboard/tasks?state=cancelled&text=sweep-these");
    assertThat(browser.driver().findElements(By.cssSelector(".tasks tbody tr"))).hasSize(3);
  }

  @Test
  void theListPagesOnAndBack() throws Exception {
    for (int i = 0; i < 30; i++) {
      submit("{\"type\":\"ping\",\"input\":{},\"metadata\":{\"page\":\"turn-me\"}}");
    }
    browser.open("/dashboard/tasks?text=turn-me");
    String first = browser.text(".tasks tbody th");
    browser.click("a[rel=next]");
    browser.await("the rest is shown", () -> browser.path().contains("after="));
    assertThat(browser.driver().findElements(By.cssSelector(".tasks tbody tr"))).hasSize(5);
    browser.click("a[rel=prev]");
    browser.await("the first is shown", () -> browser.text(".tasks tbody th").equals(first));
  }

  @Test
  void everyPageCanBeUsedWithoutEyesOrMouse() throws Exception {
    String done = submit("{\"type\":\"embedding\",\"input\":[\"Water\",\"" + SCRIPT + "\"]}");
    String failed = submit("{\"type\":\"ping\",\"input\":{\"fail_times\":9},\"max_attempts\":1}");
    submit("{\"type\":\"ping\",\"input\":{\"sleep_ms\":20000,\"steps\":100}}");
    awaitStatus(done, "completed");
    awaitStatus(failed, "failed");
    for (String scheme : List.of("light", "dark")) {
      browser.look(Browser.WIDE, scheme);
      for (String path :
          List.of(
              "/",
              "/dashboard/tasks",
              "/dashboard/tasks?state=failed&text=nothing-like-it",
              "/dashboard/tasks/" + done,
              "/dashboard/tasks/" + failed,
              "/dashboard/submit",
              "/dashboard/keys",
              "/dashboard/health",
              "/dashboard/cancel")) {
        browser.open(path);
        assertThat(browser.barriers()).as(path + " in the " + scheme).isEmpty();
      }
    }
    browser.look(Browser.PHONE, "light");
    browser.open("/dashboard/tasks/" + done);
    assertThat(browser.scrollsSideways()).isFalse();
    assertThat(browser.text(".columns")).contains("2 vectors × 384", SCRIPT);
    browser.click("#menu");
    browser.driver().findElement(By.linkText("Tasks")).click();
    browser.await("the menu leads on", () -> browser.path().equals("/dashboard/tasks"));
    assertThat(browser.scrollsSideways()).isFalse();
    assertThat(browser.driver().findElements(By.cssSelector(".tabs a")))
        .as("every state is in view")
        .allMatch(tab -> tab.getRect().x + tab.getRect().width <= Browser.PHONE);
    browser.look(Browser.WIDE, "light");
    assertThat(browser.console()).as(ADVICE).allMatch(line -> line.contains("Canvas2D"));
    browser.driver().manage().deleteAllCookies();
    browser.open("/login");
    assertThat(browser.barriers()).isEmpty();
    assertThat(browser.console())
        .as(ADVICE + "; the page left may have asked once more, without its cookie")
        .allMatch(line -> line.contains("Canvas2D") || line.contains("401"));
  }

  @Test
  void aFormOfAnotherSiteIsRefused() throws Exception {
    var cookie =
        Objects.requireNonNull(browser.driver().manage().getCookieNamed("penstock_session"));
    assertThat(cookie.isHttpOnly()).isTrue();
    assertThat(cookie.getSameSite()).isEqualTo("Strict");
    try (var client = HttpClient.newHttpClient()) {
      var forged =
          HttpRequest.newBuilder(URI.create(penstock.uri() + "/dashboard/lanes/pause"))
              .timeout(LIMIT)
              .header("Cookie", "penstock_session=" + cookie.getValue())
              .header("Origin", "https://evil.example")
              .header("Content-Type", "application/x-www-form-urlencoded")
              .POST(HttpRequest.BodyPublishers.ofString("lane=ping"))
              .build();
      assertThat(client.send(forged, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(403);
    }
  }

  @Test
  void whoLogsOutOrWhoseSessionEndsIsLedToTheLogin() {
    browser.open("/dashboard/tasks");
    browser.driver().manage().deleteAllCookies();
    browser.await("the open page goes to the login", () -> browser.path().startsWith("/login"));
    assertThat(browser.console())
        .as("the browser notes the 401")
        .allMatch(line -> line.contains("401"));
    browser.logIn(PenstockProcess.KEY);
    browser.await("one is back", () -> browser.path().equals("/dashboard/tasks"));
    browser.click(".side form button");
    browser.await("one is out", () -> browser.path().equals("/login"));
    browser.open("/");
    assertThat(browser.path()).isEqualTo("/login");
  }

  @Test
  void whatWasDoneIsLoggedAndTheKeyIsNot() throws Exception {
    String id = submit("{\"type\":\"ping\",\"input\":{},\"delay_seconds\":900}");
    browser.open("/dashboard/tasks/" + id);
    browser.click("#cancel");
    awaitState("cancelled");
    assertThat(penstock.log())
        .contains("logged in", "auth.token from 127.0.0.1 cancelled task " + id)
        .doesNotContain(PenstockProcess.KEY);
  }

  @Test
  void theLastHourOutlivesARestart() throws Exception {
    submit("{\"type\":\"ping\",\"input\":{}}");
    browser.open("/");
    browser.await("a column is drawn", () -> browser.shows("rect.completed"));
    browser.open("/docs"); // a page that is not live, and so misses nothing
    penstock.terminate(LIMIT);
    penstock.restart();
    browser.logInAfresh();
    browser.await("a column is drawn", () -> browser.shows("rect.completed"));
  }
}
