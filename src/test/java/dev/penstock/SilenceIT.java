package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.PenstockProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program calls nobody and writes only where it says: watched system call by system call. */
final class SilenceIT {
  /** A path opened for writing or made; with {@code -y}, relative ones name their folder. */
  private static final Pattern WRITTEN =
      Pattern.compile(
          "(?:openat\\([^<]*<([^>]*)>, \"([^\"]+)\", [^)]*(?:O_WRONLY|O_RDWR|O_CREAT)"
              + "|mkdirat\\([^<]*<([^>]*)>, \"([^\"]+)\""
              + "|(?:renameat2?|linkat)\\([^<]*<[^>]*>, \"[^\"]*\", [^<]*<([^>]*)>, \"([^\"]+)\""
              + "|symlinkat\\(\"[^\"]*\", [^<]*<([^>]*)>, \"([^\"]+)\""
              + "|(?:creat|mkdir)\\(()\"([^\"]+)\""
              + "|(?:rename|link|symlink)\\(\"[^\"]*\", ()\"([^\"]+)\").* = \\d+");

  private static final Pattern CALLED =
      Pattern.compile("(?:connect|sendto|sendmsg|sendmmsg)\\(.*sa_family=(AF_INET6?).*");

  @TempDir Path folder;

  @Test
  void itOpensNoConnectionAndWritesOnlyToItsDataAndTheTempFolder() throws Exception {
    Path trace = folder.resolve("trace.txt");
    Path home = Files.createDirectory(folder.resolve("home"));
    List<String> strace =
        List.of(
            "strace",
            "-f",
            "-qq",
            "-s",
            "512",
            "-o",
            trace.toString(),
            "--seccomp-bpf",
            "-e",
            "trace=connect,sendto,sendmsg,sendmmsg,openat,creat,mkdir,mkdirat,rename,"
                + "renameat,renameat2,link,linkat,symlink,symlinkat");
    try (var penstock =
            PenstockProcess.launchShipped(folder, Map.of("HOME", home.toString()), strace);
        var api = penstock.api()) {
      penstock.awaitReady();
      for (String model : List.of("all-minilm-l6-v2", "bge-small-en-v1.5-q")) {
        String body = "{\"model\":\"%s\",\"input\":[\"hello\",\"water\"]}".formatted(model);
        assertThat(api.post("/v1/embeddings", body).status()).isEqualTo(200);
      }
      assertThat(api.post("/v1/embeddings", "{\"input\":[15339]}").status()).isEqualTo(200);
      assertThat(api.get("/login").status()).isEqualTo(200);
      assertThat(api.get("/docs").status()).isEqualTo(200);
      assertThat(api.get("/metrics").status()).isEqualTo(200);
      penstock.terminateChild(Duration.ofSeconds(60));
    }
    List<String> calls = Files.readAllLines(trace);
    assertThat(calls).as("strace saw the program").hasSizeGreaterThan(100);
    assertThat(calls.stream().filter(line -> CALLED.matcher(line).find()))
        .as("connections and datagrams")
        .isEmpty();
    assertThat(calls.stream().flatMap(this::written).filter(this::outside))
        .as("files written outside the data and the temp folder")
        .isEmpty();
    assertThat(home).isEmptyDirectory();
  }

  private Stream<Path> written(String line) {
    Matcher matcher = WRITTEN.matcher(line);
    if (!matcher.find()) {
      return Stream.empty();
    }
    for (int i = 1; i < matcher.groupCount(); i += 2) {
      if (matcher.group(i + 1) != null) {
        return Stream.of(folder.resolve(matcher.group(i)).resolve(matcher.group(i + 1)));
      }
    }
    return Stream.empty();
  }

  private boolean outside(Path path) {
    Path normal = path.normalize();
    Stream<Path> allowed =
        normal.startsWith(folder) // which may be below /dev, in memory
            ? Stream.of(folder.resolve("data"), folder.resolve("temp"))
            : Stream.of(
                Path.of("/dev"),
                Path.of("/proc"),
                // the JVM's own performance counters: in /tmp whatever its temporary folder is
                Path.of("/tmp/hsperfdata_" + System.getProperty("user.name")));
    return allowed.noneMatch(normal::startsWith);
  }
}
