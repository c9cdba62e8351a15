package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.TinyModel;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program in places that are not as a developer's machine is. */
final class WhereItRunsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int CANNOT_START = 1;
  private static final int JAVA_8 = 52;
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

  /**
   * What runs a command after these lines of a shell, which mount things for it alone. Where the
   * test may not mount, nothing: then the temporary folder is a place where no file can be made.
   */
  private List<String> mounted(String lines) throws Exception {
    String script = "set -e\n" + lines + "\nexec \"$@\"";
    for (String namespace : List.of("-m", "-rm")) {
      List<String> wrapper = List.of("unshare", namespace, "bash", "-c", script, "bash");
      List<String> tried = new ArrayList<>(wrapper);
      tried.add("true");
      Process process = new ProcessBuilder(tried).directory(folder.toFile()).inheritIO().start();
      if (process.waitFor() == 0) {
        return wrapper;
      }
    }
    Files.delete(folder.resolve("temp"));
    Files.createSymbolicLink(folder.resolve("temp"), Path.of("/proc/self"));
    return List.of();
  }

  private void assertRunsIn(String mounts) throws Exception {
    Files.createDirectories(folder.resolve("data"));
    Files.createDirectories(folder.resolve("temp"));
    Map<String, String> settings = Map.of("TMPDIR", folder.resolve("temp").toString());
    try (var penstock = PenstockProcess.launchShipped(folder, settings, mounted(mounts))) {
      penstock.awaitReady();
      try (var api = penstock.api()) {
        assertEmbeds(api, "all-minilm-l6-v2");
        String task = "{\"type\":\"ping\",\"input\":{}}";
        assertThat(api.post("/v1/tasks", task).status()).isEqualTo(202);
      }
      assertThat(penstock.log()).doesNotContain("\tat ", "Exception", "WARN");
      assertThat(penstock.terminate(LIMIT)).isZero();
    }
  }

  @Test
  void oneMegabyteOfTemporaryFilesWhereNothingMayBeExecutedIsEnough() throws Exception {
    assertRunsIn("mount -t tmpfs -o noexec,nosuid,nodev,size=1m none temp");
  }

  @Test
  void nothingButTheDataFolderNeedBeWritable() throws Exception {
    assertRunsIn(
        """
        mount --bind . .
        cd "$PWD"
        mount --bind data data
        mount -o remount,bind,ro .
        mount -o remount,bind,ro /
        for each in /tmp /var/tmp /home; do
          if mountpoint -q $each; then mount -o remount,bind,ro $each; fi
        done
        for each in . temp / /tmp; do
          if touch $each/written 2>/dev/null; then echo "$each can be written" >&2; exit 1; fi
        done
        touch data/written
        """);
  }

  @Test
  void aDamagedLibraryInTheDataFolderIsReplaced() throws Exception {
    try (var penstock = PenstockProcess.startShipped(folder, TinyModel.settings())) {
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
      assertThat(refused.status()).isEqualTo(404);
      assertThat(refused.json().at("/error/message").textValue())
          .contains("384 MiB that this container may take");
      assertEmbeds(api, "all-minilm-l6-v2");
    }
  }
}
