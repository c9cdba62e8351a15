package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.CommandProcess;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Vectors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as a shell runs them, against the program as it is packaged. */
final class CommandLineIT {
  private static final Path LAUNCHER = Path.of("scripts/penstock");

  @TempDir static Path folder;
  private static PenstockProcess server;

  @BeforeAll
  static void start() throws Exception {
    server = PenstockProcess.start(folder, Map.of());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static Map<String, String> environment() {
    return Map.of("PENSTOCK_URL", server.uri().toString(), "PENSTOCK_KEY", PenstockProcess.KEY);
  }

  private static CommandProcess run(String input, String... arguments) throws Exception {
    CommandProcess run = CommandProcess.run(folder, environment(), input, arguments);
    assertThat(run.err()).doesNotContain("Exception", "\tat ", PenstockProcess.KEY);
    return run;
  }

  private static JsonNode json(String line) throws Exception {
    return Api.JSON.readTree(line);
  }

  @Test
  void textsComeBackAsVectorsInTheirOrder() throws Exception {
    CommandProcess run = run("Wasser fließt\nFeuer steigt\n", "submit", "--wait");
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    assertThat(run.lines()).hasSize(2);
    for (String line : run.lines()) {
      assertThat(json(line).path("status").asText()).isEqualTo("completed");
      assertThat(Vectors.of(json(line).at("/result/data/0/embedding"))).hasSize(384);
    }
  }

  @Test
  void whatIsSubmittedInBulkCanBeWaitedFor() throws Exception {
    String inputs =
        IntStream.range(0, 1_200)
            .mapToObj("{\"n\":%d}"::formatted)
            .collect(Collectors.joining("\n"));
    CommandProcess submitted = run(inputs, "submit", "--type=ping", "--json");
    assertThat(submitted.code()).isZero();
    assertThat(submitted.lines()).hasSize(1_200);
    CommandProcess waited = run(submitted.out(), "wait", "-", "--timeout=60s");
    assertThat(waited.code()).as(waited.err()).isZero();
    assertThat(waited.lines()).hasSize(1_200);
    List<String> ids = submitted.lines().stream().map(CommandLineIT::id).toList();
    assertThat(waited.lines().stream().map(CommandLineIT::id))
        .containsExactlyInAnyOrderElementsOf(ids);
  }

  private static String id(String line) {
    return line.replaceFirst("^\\{\"id\":\"([0-9a-v]+)\".*", "$1");
  }

  @Test
  void exitCodesTellHowItEnded() throws Exception {
    assertThat(run("", "submit", "--type=ping", "--input={\"n\":1}", "--wait").code()).isZero();
    CommandProcess failed =
        run("", "submit", "--type=ping", "--input={\"n\":1,\"fail_times\":9}", "--wait");
    assertThat(failed.code()).isEqualTo(1);
    assertThat(json(failed.out()).at("/error/code").asText()).isEqualTo("handler_failed");
    assertThat(run("", "status", id(failed.lines().getFirst())).code()).isEqualTo(1);
    assertThat(run("", "submit", "--model=nope", "text").code()).isEqualTo(2);
    assertThat(run("", "submit", "--priority=11", "text").code()).isEqualTo(2);
    assertThat(run("", "submit", "--no-such-option").code()).isEqualTo(2);
    assertThat(run("", "status", "nosuchtask").code()).isEqualTo(2);
    assertThat(run("", "status", "--server=http://127.0.0.1:1").code()).isEqualTo(3);
    CommandProcess late = run("", "submit", "--delay=10m", "text");
    assertThat(run("", "wait", id(late.lines().getFirst()), "--timeout=300ms").code()).isEqualTo(4);
  }

  @Test
  void aMissingKeyIsExplained() throws Exception {
    CommandProcess run =
        CommandProcess.run(
            folder, Map.of("PENSTOCK_URL", server.uri().toString()), "", "status", "x");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("no key: ", "data/api-key", "PENSTOCK_KEY");
  }

  @Test
  void aLoadTestEndsByItself() throws Exception {
    CommandProcess run = run("", "bench", "--type=ping", "--duration=1s", "--clients=2", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(json(run.out()).path("requests").asInt()).isPositive();
    assertThat(json(run.out()).path("errors").asInt()).isZero();
  }

  @Test
  void helpNamesTheOptionsAndTheExitCodes() throws Exception {
    for (String command : List.of("submit", "status", "wait", "tail", "bench")) {
      CommandProcess help = run("", command, "--help");
      assertThat(help.code()).isZero();
      assertThat(help.out()).contains("--server", "--key-file", "--retry-for", "Exit codes: 0");
    }
  }

  @Test
  void theLauncherFindsItsJdkWhateverJavaIsOnThePathAndStaysInTheFolder() throws Exception {
    Path old = Files.createDirectory(folder.resolve("old"));
    Path java = Files.writeString(old.resolve("java"), "#!/bin/sh\necho too old >&2\nexit 1\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    Path link = Files.createSymbolicLink(old.resolve("penstock"), LAUNCHER.toAbsolutePath());
    Map<String, String> environment =
        Map.of(
            "PATH",
            old + ":" + System.getenv("PATH"),
            "JAVA_HOME",
            System.getProperty("java.home"),
            "PENSTOCK_URL",
            server.uri().toString(),
            "PENSTOCK_KEY",
            PenstockProcess.KEY);
    CommandProcess run =
        CommandProcess.launched(
            folder, environment, "two words\n", link, "submit", "--metadata=a=b c", "--file=in");
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    CommandProcess status =
        CommandProcess.launched(
            folder, environment, "", LAUNCHER, "status", id(run.lines().getFirst()));
    assertThat(json(status.out()).at("/metadata/a").asText()).isEqualTo("b c");
  }

  @Test
  void aCommandLoadsNothingOfTheServer() throws Exception {
    CommandProcess run =
        CommandProcess.watched(
            folder, environment(), "", "submit", "--type=ping", "--input={}", "--wait");
    assertThat(run.code()).isZero();
    assertThat(run.loaded())
        .contains("dev.penstock.cli.SubmitCommand")
        .noneMatch(name -> name.matches("(io\\.vertx|io\\.netty|ch\\.qos|ai|org\\.sqlite)\\..*"));
  }
}
