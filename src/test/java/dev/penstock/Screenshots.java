package dev.penstock;

import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.task.Lane;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Browser;
import dev.penstock.testing.PenstockProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Takes pictures of the dashboard at work: {@code make screenshots}. */
final class Screenshots {
  private static final Path PICTURES = Path.of("target/screenshots");
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Lane MINI = new Lane("embedding", "all-minilm-l6-v2");
  private static final Lane PING = new Lane("ping", null);
  private static final int MINUTES = 58;

  private final Browser browser;
  private final Api api;

  private Screenshots(Browser browser, Api api) {
    this.browser = browser;
    this.api = api;
  }

  public static void main(String... args) throws Exception {
    Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "pictures");
    folder = folder.toAbsolutePath();
    Files.createDirectories(folder.resolve("data"));
    aBusyHour(folder.resolve("data/penstock.db"));
    try (var penstock =
            PenstockProcess.startShipped(folder, Map.of("INFERENCE_TASKS_IN_HAND", "2"));
        var api = penstock.api();
        var browser = Browser.start(penstock, folder.resolve("browser"))) {
      new Screenshots(browser, api).take();
    }
  }

  /** What the last hour could have been like, so that its pictures show something. */
  private static void aBusyHour(Path file) throws Exception {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MINUTES);
    var random = new Random(7);
    List<LaneMinute> minutes = new ArrayList<>();
    for (int ago = MINUTES; ago > 0; ago--) {
      Instant minute = now.minus(ago, ChronoUnit.MINUTES);
      double wave = 60 + 35 * Math.sin(ago / 7.0) + (ago > 20 && ago < 27 ? 70 : 0);
      int done = (int) (wave + random.nextInt(12));
      int failed = ago % 17 == 3 ? 9 : random.nextInt(12) == 0 ? 2 : 0;
      long slower = ago > 20 && ago < 27 ? 40 : 1;
      minutes.add(minute(minute, MINI, done, failed, 12 * slower, 35 + ago % 9, random));
      if (ago % 3 != 0) {
        minutes.add(minute(minute, PING, 4 + random.nextInt(5), 0, 3, 420, random));
      }
    }
    try (var database = SqliteDatabase.open(file);
        TaskStore store = Storage.in(database, InstantSource.system()).tasks()) {
      store.addHistory(minutes);
    }
  }

  private static LaneMinute minute(
      Instant minute, Lane lane, int done, int failed, long wait, long run, Random random) {
    long[] waited = new long[Latencies.BUCKETS];
    long[] ran = new long[Latencies.BUCKETS];
    for (int i = 0; i < done + failed; i++) {
      waited[bucket(wait, random)]++;
      ran[bucket(run, random)]++;
    }
    return new LaneMinute(
        minute, lane, done + failed, done, failed, 0, new Latencies(waited), new Latencies(ran));
  }

  private static int bucket(long usual, Random random) {
    double millis = usual * Math.exp(0.6 * random.nextGaussian());
    return Latencies.bucket(Duration.ofMillis(Math.round(millis)));
  }

  private void take() throws Exception {
    browser.open("/");
    browser.pictures(PICTURES, "login");
    browser.logIn(PenstockProcess.KEY);
    browser.await("the overview is shown", () -> browser.path().equals("/"));
    browser.pictures(PICTURES, "overview-empty");
    String failed = work();
    Await.until(
        "one has failed",
        LIMIT,
        () -> api.get("/v1/tasks/" + failed).json().path("status").asText().equals("failed"));
    browser.open("/");
    for (String state : List.of("processing", "failed", "cancelled")) {
      browser.await(
          "some are " + state,
          () -> !browser.text("[data-state=" + state + "] strong").equals("0"));
    }
    browser.pictures(PICTURES, "overview");
    browser.open("/dashboard/tasks");
    browser.await("a bar is shown", () -> browser.shows("progress"));
    browser.pictures(PICTURES, "tasks");
    browser.open("/dashboard/tasks/" + failed);
    browser.pictures(PICTURES, "task-failed");
    String running = id(submit("ping", "{\"sleep_ms\": 60000, \"steps\": 40}", ",\"priority\":10"));
    browser.open("/dashboard/tasks/" + running);
    browser.await("its bar is shown", () -> browser.shows("progress"));
    browser.pictures(PICTURES, "task-running");
    String parent =
        id(
            submit(
                "ping",
                "{\"children\": 40, \"window\": 6, \"sleep_ms\": 6000}",
                ",\"priority\":10"));
    Await.until(
        "it waits",
        LIMIT,
        () -> api.get("/v1/tasks/" + parent).json().path("waiting_on").asInt() > 0);
    browser.open("/dashboard/tasks/" + parent);
    browser.pictures(PICTURES, "task-parent");
    browser.open("/dashboard/tasks?parent=" + parent);
    browser.pictures(PICTURES, "children");
    String vectors = vectors();
    browser.open("/dashboard/tasks/" + vectors);
    browser.pictures(PICTURES, "task");
    browser.open("/dashboard/submit");
    browser.pictures(PICTURES, "submit");
    browser.click("input[value=ping]");
    browser.pictures(PICTURES, "submit-ping");
    browser.open("/dashboard/workers");
    browser.pictures(PICTURES, "workers");
    browser.click("a[href^='/dashboard/workers/drain']");
    browser.await("a question is asked", () -> browser.shows("dialog[open] #dialog-title"));
    browser.pictures(PICTURES, "drain");
    browser.open("/dashboard/health");
    browser.pictures(PICTURES, "health");
    browser.open("/dashboard/keys");
    browser.pictures(PICTURES, "keys");
    browser.open("/dashboard/tasks?state=pending");
    browser.click("a[href^='/dashboard/cancel']");
    browser.await("a question is asked", () -> browser.shows("dialog[open] #dialog-title"));
    browser.pictures(PICTURES, "cancel-all");
  }

  private Api.Answer submit(String type, String input, String more) throws Exception {
    return api.post("/v1/tasks", "{\"type\":\"%s\",\"input\":%s%s}".formatted(type, input, more));
  }

  private static String id(Api.Answer answer) {
    return answer.json().path("id").asText();
  }

  /** Returns a task that will have failed more than once. */
  private String work() throws Exception {
    for (String text : List.of("Water finds its way", "A gate feeds the turbine", "<b>bold</b>")) {
      for (int i = 0; i < 9; i++) {
        submit("embedding", "[\"%s\", \"again %d\"]".formatted(text, i), "");
      }
    }
    String failed =
        id(
            submit(
                "ping",
                "{\"fail_times\": 9}",
                ",\"priority\":10,\"metadata\":{\"job\":\"nightly\"}"));
    for (int i = 0; i < 14; i++) {
      submit("ping", "{\"sleep_ms\": %d, \"steps\": 25}".formatted(20_000 + 4_000 * i), "");
    }
    submit("ping", "{}", ",\"delay_seconds\":5400");
    String cancelled = id(submit("ping", "{\"sleep_ms\": 500}", ",\"priority\":1"));
    browser.open("/dashboard/tasks/" + cancelled);
    browser.click("#cancel");
    submit("embedding", "\"water\"", ",\"model\":\"bge-small-en-v1.5-q\",\"delay_seconds\":600");
    return failed;
  }

  private String vectors() throws Exception {
    String id =
        id(submit("embedding", "[\"Water finds its way\", \"Fire does not\"]", ",\"priority\":9"));
    Await.until(
        "it is completed",
        LIMIT,
        () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals("completed"));
    return id;
  }
}
