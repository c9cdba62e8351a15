package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program in places that are not as a developer's machine is. */
final class WhereItRunsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final List<String> MODELS =
      List.of("all-minilm-l6-v2", "all-minilm-l6-v2-q", "bge-small-en-v1.5-q");
  private static final int CANNOT_START = 1;
  private static final int JAVA_8 = 52;
  private static final int LISTS = 12;
  private static final int TEXTS = 256;
  private static final long MIB = 1L << 20;

  /** A folder's name, as a shell writes it: the name of no file can be told in LANG=C. */
  private static final String WORK = "\"$(printf 'w\\303\\266rk')\"";

  @TempDir Path folder;

  private static void assertEmbeds(Api api, String model) throws Exception {
    Answer answer = embed(api, model);
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
  }

  private static Answer embed(Api api, String model) throws Exception {
    return api.post("/v1/embeddings", "{\"model\":\"%s\",\"input\":\"x\"}".formatted(model));
  }

  private boolean shell(String command) throws Exception {
    Process shell =
        new ProcessBuilder("bash", "-c", command).directory(folder.toFile()).inheritIO().start();
    assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return shell.exitValue() == 0;
  }

  /** As on a read-only system: nobody can write there, root included. */
  @Test
  void itNeedsNoTemporaryFolder() throws Exception {
    Files.createSymbolicLink(folder.resolve("temp"), Path.of("/proc/self"));
    try (var penstock = PenstockProcess.startShipped(folder, Map.of());
        var api = penstock.api()) {
      assertEmbeds(api, "all-minilm-l6-v2");
      assertThat(folder.resolve("data/native/sqlite")).isNotEmptyDirectory();
      assertThat(folder.resolve("data/native/tokenizers")).isNotEmptyDirectory();
      assertThat(penstock.log()).doesNotContain("\tat ");
    }
  }

  @Test
  void aDamagedLibraryInTheDataFolderIsReplaced() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of())) {
      penstock.kill();
      try (Stream<Path> files = Files.walk(folder.resolve("data/native"))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Files.writeString(file, "damaged");
        }
      }
      penstock.restart();
      try (var api = penstock.api()) {
        assertEmbeds(api, "");
      }
    }
  }

  @Test
  void aDataFolderThatCannotBeWrittenIsToldInOneLine() throws Exception {
    Program.Ended ended = Program.run(folder, Map.of(), "--data=/proc/penstock", "--port=0");
    assertThat(ended.status()).isEqualTo(CANNOT_START);
    assertThat(ended.output())
        .contains(
            "cannot start: the data folder /proc/penstock cannot be written by user ", "(uid ")
        .doesNotContain("\tat ", "Exception");
  }

  @Test
  void inAnyLocaleItsDataIsWhereItWasStarted() throws Exception {
    assertThat(shell("mkdir " + WORK)).isTrue();
    List<String> within = List.of("bash", "-c", "cd " + WORK + " && exec \"$@\"", "bash");
    Map<String, String> plain = Map.of("LANG", "C", "LC_ALL", "C");
    try (var penstock = PenstockProcess.launchShipped(folder, plain, within)) {
      penstock.awaitReady();
      try (var api = penstock.api()) {
        assertEmbeds(api, "all-minilm-l6-v2");
      }
      assertThat(penstock.terminate(LIMIT)).isZero();
    }
    assertThat(shell("test -f " + WORK + "/data/penstock.db")).isTrue();
    assertThat(shell("! find . -name '*[?]*' | grep .")).as("nothing has another name").isTrue();
  }

  @Test
  void whatJavaRunsFirstRunsOnAnOldJdk() throws Exception {
    Path path = Path.of(System.getProperty("penstock.jar", "target/penstock.jar"));
    try (var jar = new JarFile(path.toFile())) {
      String main = jar.getManifest().getMainAttributes().getValue("Main-Class");
      try (var in =
          new DataInputStream(
              jar.getInputStream(jar.getEntry(main.replace('.', '/') + ".class")))) {
        in.skipNBytes(6); // the mark of all class files, and a part of the version
        assertThat(in.readUnsignedShort()).as("its version").isLessThanOrEqualTo(JAVA_8);
      }
    }
  }

  @Test
  void aJdkThatIsTooOldIsToldWhichOneIsNeeded() throws Exception {
    Map<String, String> old = Map.of("JAVA_TOOL_OPTIONS", "-Djava.specification.version=17");
    Program.Ended ended = Program.run(folder, old, "--port=0");
    assertThat(ended.status()).isEqualTo(CANNOT_START);
    assertThat(ended.output())
        .contains("penstock needs JDK 25 or newer, and this is JDK 17", "https://adoptium.net/")
        .doesNotContain("\tat ", "Exception");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  /** Stands for a container: where the system tells its limit there are files of ours. */
  private Map<String, String> container(long mebibytes) throws IOException {
    Path root = folder.resolve("system");
    Files.createDirectories(root.resolve("proc/self"));
    Files.createDirectories(root.resolve("sys/fs/cgroup"));
    Files.writeString(root.resolve("proc/self/cgroup"), "0::/\n");
    Files.writeString(
        root.resolve("sys/fs/cgroup/memory.max"), Long.toString(mebibytes * MIB) + "\n");
    return Map.of(
        "JDK_JAVA_OPTIONS",
        "-XX:+UseSerialGC -Xmx%dm -Dpenstock.system-root=%s".formatted(mebibytes / 4, root));
  }

  @Test
  void aModelThatAContainerHasNoMemoryForIsRefusedWithTheReason() throws Exception {
    try (var penstock = PenstockProcess.startShipped(folder, container(384));
        var api = penstock.api()) {
      assertEmbeds(api, "all-minilm-l6-v2");
      assertEmbeds(api, "all-minilm-l6-v2-q");
      Answer refused = embed(api, "bge-small-en-v1.5-q");
      assertThat(refused.status()).isGreaterThanOrEqualTo(500);
      assertThat(refused.json().at("/error/message").textValue())
          .contains("384 MiB that this container may take");
      assertEmbeds(api, "all-minilm-l6-v2");
    }
  }

  @Test
  void threeModelsAndTwelveListsOfLongTextsFitInto512Megabytes() throws Exception {
    try (var penstock = PenstockProcess.startShipped(folder, container(512));
        var api = penstock.api()) {
      List<FutureTask<Integer>> lists = new ArrayList<>();
      for (int i = 0; i < LISTS; i++) {
        String model = MODELS.get(i % MODELS.size());
        String text = "\"%d %s\"".formatted(i, "some words of a long text ".repeat(100));
        String body =
            "{\"type\":\"embedding\",\"model\":\"%s\",\"input\":[%s]}"
                .formatted(model, String.join(",", Collections.nCopies(TEXTS, text)));
        var list = new FutureTask<>(() -> api.post("/v1/tasks", body).status());
        lists.add(list);
        Thread.ofVirtual().start(list);
      }
      for (FutureTask<Integer> list : lists) {
        assertThat(list.get()).isEqualTo(202);
      }
      Await.until(
          "all three have run many batches side by side",
          LIMIT,
          () -> {
            for (String model : MODELS) {
              if (api.metric("penstock_batch_run_seconds_count{model=\"" + model) < 20) {
                return false;
              }
            }
            return true;
          });
      assertThat(kibibytes(penstock, "VmHWM:") / 1024).as("MiB at most").isLessThan(512);
    }
  }

  @Test
  void theMemoryOfModelsThatAreClosedComesBack() throws Exception {
    Path models = folder.resolve("models");
    for (int i = 0; i < 8; i++) {
      ModelFolders.miniLm(models, "mine-" + i);
    }
    Map<String, String> settings = Map.of("MODEL_IDLE_UNLOAD", "1s");
    try (var penstock = PenstockProcess.startShipped(folder, settings);
        var api = penstock.api()) {
      String texts = String.join(",", Collections.nCopies(32, "\"" + "word ".repeat(250) + "\""));
      use(api, MODELS.getFirst(), texts);
      long fresh = kibibytes(penstock, "RssAnon:");
      for (int i = 0; i < 8; i++) {
        use(api, "mine-" + i, texts);
      }
      Await.until("all are closed", LIMIT, () -> closed(api) == 8);
      Await.until("the memory is back", LIMIT, () -> kibibytes(penstock, "RssAnon:") < 1.3 * fresh);
    }
  }

  private static void use(Api api, String model, String texts) throws Exception {
    String body = "{\"model\":\"%s\",\"input\":[%s]}".formatted(model, texts);
    assertThat(api.post("/v1/embeddings", body).status()).isEqualTo(200);
  }

  private static long closed(Api api) throws Exception {
    long closed = 0;
    for (var part : api.get("/health/ready").json().path("parts")) {
      closed +=
          part.path("name").textValue().startsWith("model mine-")
                  && part.path("message").textValue().equals("opens with its first task")
              ? 1
              : 0;
    }
    return closed;
  }

  private static long kibibytes(PenstockProcess penstock, String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + penstock.pid() + "/status")).stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
