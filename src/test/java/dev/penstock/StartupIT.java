package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.CommandProcess;
import dev.penstock.testing.FreePort;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.Program.Ended;
import dev.penstock.testing.Vectors;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a shell sees: options, settings, exit codes, what a start prints. */
final class StartupIT {
  private static final int CANNOT_START = 1;
  private static final int WRONG_SETTINGS = 2;

  @TempDir Path folder;

  private Ended run(Map<String, String> environment, String... options) throws Exception {
    Ended ended = Program.run(folder, environment, options);
    assertThat(ended.output()).doesNotContain("\tat ", "Exception", "dev.penstock");
    return ended;
  }

  @Test
  void helpListsEveryOptionAndVersionNamesTheProgram() throws Exception {
    Ended help = run(Map.of(), "--help");
    assertThat(help.status()).isZero();
    assertThat(help.output())
        .contains(
            "--conf=FILE",
            "--host=ADDRESS",
            "--port=PORT",
            "--data=DIR",
            "--model=NAME",
            "--device=DEVICE",
            "--log-level=LEVEL",
            "--set=KEY=VALUE",
            "--help",
            "--version");
    Ended version = run(Map.of(), "--version");
    assertThat(version.status()).isZero();
    assertThat(version.output()).containsPattern("^penstock \\d+\\.\\d+\\.\\d+").contains("java ");
    assertNothingWritten();
  }

  /** In this mode the JVM ends where it cannot use its cache of classes. */
  @Test
  void theBuildsCacheOfClassesFitsTheProgram() throws Exception {
    String cache = PenstockProcess.jar().toString().replaceFirst("jar$", "aot");
    assertThat(Path.of(cache)).isRegularFile();
    Map<String, String> environment =
        Map.of(
            "JAVA_HOME",
            System.getProperty("java.home"),
            "JAVA_OPTS",
            "-XX:AOTMode=on -XX:AOTCache=" + cache);
    CommandProcess version =
        CommandProcess.launched(folder, environment, "", Path.of("scripts/penstock"), "--version");
    assertThat(version.out()).as(version.err()).contains("penstock ");
    assertThat(version.code()).isZero();
  }

  /** The same for what the tests start with. */
  @Test
  void theTestsArchiveOfClassesFitsTheProgram() throws Exception {
    Ended version = run(Map.of("JAVA_TOOL_OPTIONS", "-Xshare:on"), "--version");
    assertThat(version.output()).contains("penstock ");
    assertThat(version.status()).isZero();
  }

  @Test
  void anUnknownOptionIsNamed() throws Exception {
    Ended ended = run(Map.of(), "--prot=8000");
    assertThat(ended.status()).isEqualTo(WRONG_SETTINGS);
    assertThat(ended.output()).contains("Unknown option", "--prot=8000");
  }

  @Test
  void everyWrongSettingIsNamedWithItsValueAndWhatIsAllowed() throws Exception {
    Ended ended = run(Map.of("API_PORT", "notaport", "LEASE_DURATION", "banana"));
    assertThat(ended.status()).isEqualTo(WRONG_SETTINGS);
    assertThat(line(ended, "api.port"))
        .contains("notaport", "environment variable API_PORT", "must be", "0", "65535");
    assertThat(line(ended, "lease.duration"))
        .contains("banana", "environment variable LEASE_DURATION", "must be", "100ms", "1h");
    assertNothingWritten();
  }

  @Test
  void anUnknownKeyInTheFileIsNamedWithTheNearestOne() throws Exception {
    Path file = folder.resolve("mine.yaml");
    Files.writeString(file, "task:\n  max-attemps: 3\n");
    Ended ended = run(Map.of(), "--conf=" + file);
    assertThat(ended.status()).isEqualTo(WRONG_SETTINGS);
    assertThat(line(ended, "task.max-attemps"))
        .contains("mine.yaml", "no such key", "task.max-attempts");
    Ended missing = run(Map.of(), "--conf=nowhere.yaml");
    assertThat(missing.status()).isEqualTo(WRONG_SETTINGS);
    assertThat(missing.output()).contains("nowhere.yaml");
  }

  @Test
  void anUnknownDefaultModelIsRefusedWithTheListOfThoseThereAre() throws Exception {
    Ended ended = run(Map.of(), "--model=gpt-7", "--port=0");
    assertThat(ended.status()).isEqualTo(WRONG_SETTINGS);
    assertThat(ended.output())
        .contains("gpt-7", "all-minilm-l6-v2", "all-minilm-l6-v2-q", "bge-small-en-v1.5-q");
  }

  @Test
  void aWellKnownKeyIsRefusedOutsideThisMachine() throws Exception {
    Ended ended = run(Map.of("API_HOST", "0.0.0.0", "AUTH_TOKEN", "guest"));
    assertThat(ended.status()).isEqualTo(WRONG_SETTINGS);
    assertThat(line(ended, "auth.token")).contains("0.0.0.0", "16 characters");
    assertThat(ended.output()).doesNotContain("guest");
  }

  @Test
  void theFirstStartMakesAKeyAndPrintsACommandThatWorks() throws Exception {
    int port = FreePort.next();
    Map<String, String> environment =
        Map.of("SERVER_PORT", Integer.toString(port), "EMBEDDING_MODEL", "text-embedding-3-small");
    Path keyFile = folder.resolve("data/api-key");
    try (var first = Program.start(folder, environment)) {
      first.awaitOutput("  try ");
      String key = Files.readString(keyFile).strip();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile)))
          .isEqualTo("rw-------");
      assertThat(first.output()).containsOnlyOnce(key);
      String command = command(first);
      assertThat(command).isEqualTo(commandOfReadme().replace(":8000/", ":" + port + "/"));
      assertEmbedding(command);
      assertReadyWithTheModelBehindTheAlias(port, key);
      aSecondProgramIsRefused(port);
      assertThat(first.terminate()).isZero();
      assertThat(first.output()).containsOnlyOnce(key);
    }
    String key = Files.readString(keyFile).strip();
    try (var second = Program.start(folder, environment)) {
      second.awaitOutput("  try ");
      assertThat(second.output()).doesNotContain(key).contains("data/api-key");
      assertEmbedding(command(second));
      assertThat(second.terminate()).isZero();
    }
  }

  private void aSecondProgramIsRefused(int port) throws Exception {
    Ended sameFolder = run(Map.of(), "--port=0");
    assertThat(sameFolder.status()).isEqualTo(CANNOT_START);
    assertThat(line(sameFolder, "cannot start"))
        .contains("data/penstock.db", "in use by another process");
    Path file = folder.resolve("data/penstock.db");
    Files.createSymbolicLink(folder.resolve("link.db"), file);
    Files.createLink(folder.resolve("hard.db"), file);
    for (String name : List.of("link.db", "hard.db")) {
      Ended otherName =
          run(Map.of(), "--port=0", "--data=other", "--set=db.path=" + folder.resolve(name));
      assertThat(otherName.status()).as(name).isEqualTo(CANNOT_START);
      assertThat(line(otherName, "cannot start")).contains(name, "in use by another process");
    }
    Ended samePort = run(Map.of(), "--port=" + port, "--data=other");
    assertThat(samePort.status()).isEqualTo(CANNOT_START);
    assertThat(line(samePort, "cannot start")).contains("127.0.0.1:" + port, "in use");
  }

  private static void assertReadyWithTheModelBehindTheAlias(int port, String key) throws Exception {
    try (var api = new Api(URI.create("http://127.0.0.1:" + port), key)) {
      Api.Answer ready = api.get("/health/ready");
      assertThat(ready.status()).isEqualTo(200);
      assertThat(ready.raw().body()).contains("model all-minilm-l6-v2", "open on ");
    }
  }

  private void assertNothingWritten() {
    assertThat(folder.resolve("data")).doesNotExist();
  }

  /** The first line that has the text. */
  private static String line(Ended ended, String text) {
    return ended
        .output()
        .lines()
        .filter(line -> line.contains(text))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no '" + text + "' in:\n" + ended.output()));
  }

  private static String command(Program program) throws IOException {
    String start = "  try    ";
    return program
        .output()
        .lines()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no command to try"));
  }

  private static String commandOfReadme() throws IOException {
    return Files.readString(Path.of("README.md"))
        .lines()
        .filter(line -> line.startsWith("curl ") && line.contains("/v1/embeddings"))
        .findFirst()
        .orElseThrow();
  }

  /** Pastes the command into a shell in the folder where the program was started. */
  private void assertEmbedding(String command) throws Exception {
    Process shell =
        new ProcessBuilder("bash", "-c", command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String answer = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(shell.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(shell.exitValue()).isZero();
    JsonNode json = Api.JSON.readTree(answer);
    assertThat(Vectors.of(json.at("/data/0/embedding"))).as(answer).hasSize(384);
  }
}
