package dev.penstock.testing;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A headless Chromium before one Penstock. */
public final class Browser implements AutoCloseable {
  public static final int WIDE = 1_280;
  public static final int PHONE = 390;

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int HEIGHT = 860;
  private static final String AXE = "META-INF/resources/webjars/axe-core/4.6.3/axe.min.js";

  private final ChromeDriver driver;
  private final PenstockProcess penstock;

  private Browser(ChromeDriver driver, PenstockProcess penstock) {
    this.driver = driver;
    this.penstock = penstock;
  }

  /**
   * Starts a browser that is not logged in.
   *
   * @param profile a folder for what the browser keeps
   */
  public static Browser start(PenstockProcess penstock, Path profile) {
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
        "--user-data-dir=" + profile);
    options.setCapability("goog:loggingPrefs", wanted);
    var service =
        new ChromeDriverService.Builder().usingDriverExecutable(onPath("chromedriver")).build();
    var driver = new ChromeDriver(service, options);
    driver.manage().timeouts().pageLoadTimeout(LIMIT).scriptTimeout(LIMIT);
    var browser = new Browser(driver, penstock);
    browser.look(WIDE, "light");
    return browser;
  }

  private static File onPath(String... names) {
    return Arrays.stream(Objects.requireNonNull(System.getenv("PATH")).split(":", -1))
        .flatMap(dir -> Stream.of(names).map(name -> new File(dir, name)))
        .filter(File::canExecute)
        .findFirst()
        .orElseThrow(() -> new AssertionError("not on the path: " + List.of(names)));
  }

  public ChromeDriver driver() {
    return driver;
  }

  public void open(String path) {
    driver.get(penstock.uri() + path);
  }

  /** The path and query of the page it shows. */
  public String path() {
    return Objects.requireNonNull(driver.getCurrentUrl())
        .substring(penstock.uri().toString().length());
  }

  /** Logs in on the login page, which must be shown. */
  public void logIn(String key) {
    driver.findElement(By.id("key")).sendKeys(key);
    click("main form button[type=submit]");
  }

  /** Forgets the session, if there is one, and logs in anew. */
  public void logInAfresh() {
    open("/login");
    driver.manage().deleteAllCookies();
    open("/login");
    logIn(PenstockProcess.KEY);
    await("the overview is shown", () -> path().equals("/"));
  }

  /** Clicks the first such element: live pages may replace it between finding and clicking it. */
  public void click(String selector) {
    long until = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      try {
        driver.findElement(By.cssSelector(selector)).click();
        return;
      } catch (StaleElementReferenceException e) {
        if (System.nanoTime() > until) {
          throw e;
        }
      }
    }
  }

  /** The text of the first such element, read in one script: live pages replace their elements. */
  public String text(String selector) {
    Object text =
        driver.executeScript(
            "return (document.querySelector(arguments[0]) || {textContent: ''}).textContent",
            selector);
    return Objects.requireNonNull(text).toString().strip();
  }

  public boolean shows(String selector) {
    return Boolean.TRUE.equals(
        driver.executeScript("return document.querySelector(arguments[0]) !== null", selector));
  }

  public void await(String what, Callable<Boolean> condition) {
    try {
      Await.until(what, LIMIT, condition);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(what, e);
    }
  }

  public void look(int width, String scheme) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", HEIGHT, "deviceScaleFactor", 1, "mobile", width == PHONE));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    if (!Objects.requireNonNull(driver.getCurrentUrl()).startsWith("data:")) {
      await(
          "colours have changed",
          () ->
              Boolean.TRUE.equals(
                  driver.executeScript("return document.getAnimations().length === 0")));
    }
  }

  public boolean scrollsSideways() {
    return Boolean.TRUE.equals(
        driver.executeScript(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth"));
  }

  /** The whole page, also what one has to scroll for. */
  public void picture(Path file) throws IOException {
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    var shot =
        driver.executeCdpCommand("Page.captureScreenshot", Map.of("captureBeyondViewport", true));
    Files.write(
        file, Base64.getDecoder().decode(Objects.requireNonNull(shot.get("data")).toString()));
  }

  /** In the light, in the dark, and both on a phone, where nothing may stick out. */
  public void pictures(Path folder, String name) throws IOException {
    for (int width : new int[] {WIDE, PHONE}) {
      for (String scheme : List.of("light", "dark")) {
        look(width, scheme);
        if (scrollsSideways()) {
          throw new AssertionError(name + " is wider than " + width);
        }
        String suffix = (width == PHONE ? "-phone" : "") + "-" + scheme;
        picture(folder.resolve(name + suffix + ".png"));
      }
    }
    look(WIDE, "light");
  }

  /** Errors of scripts, files that are missing, and what the content security policy stopped. */
  public List<String> console() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(LogEntry::getMessage)
        .toList();
  }

  /** What keeps people from using the page: axe's serious and critical findings. */
  public List<String> barriers() throws IOException {
    try (InputStream in = Browser.class.getClassLoader().getResourceAsStream(AXE)) {
      driver.executeScript(
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8));
    }
    Object found =
        driver.executeAsyncScript(
            """
            const done = arguments[arguments.length - 1];
            axe.run().then(
              (result) => done(result.violations
                .filter((each) => each.impact === "serious" || each.impact === "critical")
                .flatMap((each) => each.nodes.map((node) => each.id + ": " + node.html))),
              (error) => done([String(error)]));
            """);
    return ((List<?>) Objects.requireNonNull(found)).stream().map(Object::toString).toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
