package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.yaml.snakeyaml.Yaml;

/** The pages in a real browser. Leaves pictures of them in target/screenshots. */
final class PagesIT {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Path PICTURES = Path.of("target/screenshots");
  private static final int WIDE = 1_280;
  private static final int PHONE = 390;

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static ChromeDriver browser;
  private static Api api;

  @BeforeAll
  static void start() throws Exception {
    penstock = PenstockProcess.start(folder, Map.of("INFERENCE_TASKS_IN_HAND", "1"));
    api = penstock.api();
    Files.createDirectories(PICTURES);
    var wanted = new LoggingPreferences();
    wanted.enable(LogType.BROWSER, Level.ALL);
    var options = new ChromeOptions();
    options.setBinary(onPath("chromium", "google-chrome"));
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-quic",
        "--no-first-run",
        "--disable-component-update",
        "--user-data-dir=" + folder.resolve("browser"));
    options.setCapability("goog:loggingPrefs", wanted);
    var service =
        new ChromeDriverService.Builder().usingDriverExecutable(onPath("chromedriver")).build();
    browser = new ChromeDriver(service, options);
    browser.manage().timeouts().pageLoadTimeout(LIMIT).scriptTimeout(LIMIT);
  }

  @AfterAll
  static void stop() throws Exception {
    try (var _ = penstock;
        var _ = api) {
      browser.quit();
    }
  }

  private static File onPath(String... names) {
    return Arrays.stream(Objects.requireNonNull(System.getenv("PATH")).split(":", -1))
        .flatMap(dir -> Stream.of(names).map(name -> new File(dir, name)))
        .filter(File::canExecute)
        .findFirst()
        .orElseThrow(() -> new AssertionError("not on the path: " + List.of(names)));
  }

  /** Errors of scripts, files that are missing, and what the content security policy stopped. */
  @AfterEach
  void theConsoleIsEmpty() {
    assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
        .extracting(LogEntry::getMessage)
        .isEmpty();
  }

  private static void open(String path) {
    String signedIn =
        penstock.uri().toString().replace("://", "://any:" + PenstockProcess.KEY + "@");
    browser.get(signedIn + path);
  }

  private static void look(int width, String scheme) {
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width == PHONE));
    browser.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  private static void picture(String name) throws Exception {
    Await.until(
        "colours have changed",
        LIMIT,
        () ->
            Boolean.TRUE.equals(
                browser.executeScript("return document.getAnimations().length === 0")));
    Files.write(PICTURES.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
  }

  private static void pictures(String name) throws Exception {
    look(WIDE, "light");
    picture(name + "-light");
    look(WIDE, "dark");
    picture(name + "-dark");
    look(PHONE, "light");
    assertThat(scrollsSideways()).as("wider than a phone").isFalse();
    picture(name + "-phone");
    look(PHONE, "dark");
    picture(name + "-phone-dark");
    look(WIDE, "light");
  }

  private static boolean scrollsSideways() {
    return Boolean.TRUE.equals(
        browser.executeScript(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth"));
  }

  private static int count(String state) {
    // Read in one script: the page replaces its elements while we look.
    Object text =
        browser.executeScript(
            "return document.querySelector('[data-state=\"' + arguments[0] + '\"] dd').textContent",
            state);
    return Integer.parseInt(Objects.requireNonNull(text).toString());
  }

  private static void ping(String more) throws Exception {
    var answer = api.post("/v1/tasks", "{\"type\":\"ping\"," + more + "}");
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
  }

  @Test
  void theOverviewShowsHowToBeginAndThenCountsByItself() throws Exception {
    open("/");
    WebElement example = browser.findElement(By.cssSelector(".first pre"));
    assertThat(example.getText()).contains(penstock.uri() + "/v1/tasks", "all-minilm-l6-v2");
    for (String state : List.of("pending", "processing", "completed", "failed", "cancelled")) {
      assertThat(count(state)).isZero();
    }
    pictures("overview-empty");

    browser.executeScript("window.loadedOnce = true");
    for (int i = 0; i < 3; i++) {
      ping("\"input\":{\"sleep_ms\":4000}");
    }
    ping("\"input\":{},\"delay_seconds\":600");
    ping("\"input\":{\"fail_times\":9},\"priority\":9,\"max_attempts\":1");
    Await.until("the page counts running work", LIMIT, () -> count("processing") > 0);
    pictures("overview");
    assertThat(browser.findElements(By.cssSelector(".lanes tbody tr"))).hasSize(1);
    Await.until("the page counts finished work", LIMIT, () -> count("completed") == 3);
    assertThat(count("failed")).isEqualTo(1);
    assertThat(count("pending")).isEqualTo(1);
    assertThat(browser.executeScript("return window.loadedOnce")).isEqualTo(true);
  }

  @Test
  void theDocsShowEveryOperationOfTheContract() throws Exception {
    open("/"); // with a password in the address, which the link hands on
    browser.findElement(By.linkText("API")).click();
    int operations = operations();
    assertThat(operations).isGreaterThan(10);
    Await.until(
        "the contract is shown",
        LIMIT,
        () -> browser.findElements(By.cssSelector(".opblock")).size() == operations);
    assertThat(browser.findElements(By.cssSelector(".errors-wrapper"))).isEmpty();
    pictures("docs");
  }

  @SuppressWarnings("unchecked") // YAML has no types
  private static int operations() throws IOException {
    try (InputStream in =
        Files.newInputStream(Path.of("src/main/resources/webroot/openapi.yaml"))) {
      Map<String, Object> contract = new Yaml().load(in);
      return ((Map<String, Map<String, Object>>) Objects.requireNonNull(contract.get("paths")))
          .values().stream()
              .mapToInt(path ->
                  (int)
                      path.keySet().stream()
                          .filter(key -> key.matches("get|post|put|patch|delete"))
                          .count())
              .sum();
    }
  }
}
