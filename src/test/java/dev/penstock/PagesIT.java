package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Await;
import dev.penstock.testing.Browser;
import dev.penstock.testing.PenstockProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.yaml.snakeyaml.Yaml;

/** The docs in a real browser. Leaves pictures of them in target/screenshots. */
final class PagesIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Path PICTURES = Path.of("target/screenshots");

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    penstock = PenstockProcess.start(folder, Map.of());
    browser = Browser.start(penstock, folder.resolve("browser"));
    browser.logInAfresh();
  }

  @AfterAll
  static void stop() throws Exception {
    try (var _ = penstock) {
      browser.close();
    }
  }

  @AfterEach
  void theConsoleIsEmpty() {
    assertThat(browser.console()).isEmpty();
  }

  @Test
  void theDocsShowEveryOperationOfTheContract() throws Exception {
    browser.open("/");
    var link = browser.driver().findElement(By.linkText("API"));
    assertThat(link.getDomAttribute("target")).as("it has no way back").isEqualTo("_blank");
    browser.open("/docs");
    int operations = operations();
    assertThat(operations).isGreaterThan(10);
    Await.until(
        "the contract is shown",
        LIMIT,
        () -> browser.driver().findElements(By.cssSelector(".opblock")).size() == operations);
    assertThat(browser.driver().findElements(By.cssSelector(".errors-wrapper"))).isEmpty();
    browser.pictures(PICTURES, "docs");
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
