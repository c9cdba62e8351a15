package dev.penstock.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What the many starts of the integration tests have in common, made once before the first of them:
 * an archive of the classes that nodes of all kinds, workers and commands load, and the native
 * libraries, unpacked. The cache that the build makes for users has the classes of one node alone.
 */
public final class QuickStarts {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Path FOLDER = Path.of("target/quick-starts").toAbsolutePath();
  private static final Path ARCHIVE = FOLDER.resolve("classes.jsa");
  private static final Path DATA = FOLDER.resolve("data");
  private static final Path NATIVE = DATA.resolve("native");

  private final Path scratch;
  private final List<Path> lists = new ArrayList<>();

  private QuickStarts(Path scratch) {
    this.scratch = scratch;
  }

  /** Makes them for the packaged program. */
  public static void main(String[] args) throws Exception {
    remove(FOLDER);
    Files.createDirectories(FOLDER);
    Path scratch = Files.createTempDirectory("quick-starts");
    try {
      new QuickStarts(scratch).make();
    } finally {
      remove(scratch);
    }
  }

  /** The JVM's options for a start with what was made; none where nothing was for this jar. */
  static List<String> flags() {
    // The JVM would take an archive of another jar for none.
    if (ARCHIVE.toFile().lastModified() < PenstockProcess.jar().toFile().lastModified()) {
      return List.of();
    }
    return List.of(
        "-XX:SharedArchiveFile=" + ARCHIVE,
        "-Donnxruntime.native.path=" + NATIVE.resolve("onnxruntime"),
        "-DRUST_LIBRARY_PATH="
            + NATIVE.resolve("tokenizers").resolve(System.mapLibraryName("tokenizers")));
  }

  private void make() throws Exception {
    try (var rabbit = RabbitServer.start(folder("rabbit"));
        var redis = RedisServer.start(folder("redis"))) {
      Map<String, String> many = new HashMap<>(BrokerSettings.of(rabbit, redis));
      many.put("CLUSTER", "true");
      many.put("CLUSTER_PORT", Integer.toString(FreePort.next()));
      try (var clustered = node("clustered", many);
          var alone = node("alone", Map.of("DATA_DIR", DATA.toString()))) {
        for (PenstockProcess node : List.of(clustered, alone)) {
          node.awaitReady();
          try (Api api = node.api()) {
            work(api);
          }
        }
        farAway(alone);
        for (PenstockProcess node : List.of(clustered, alone)) {
          node.terminate(LIMIT);
        }
      }
    }
    archive();
  }

  private static void remove(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private Path folder(String name) throws IOException {
    return Files.createDirectories(scratch.resolve(name));
  }

  /** Options of a JVM that writes down which classes it loads. */
  private List<String> noted(String name) {
    Path list = scratch.resolve(name + ".classes");
    lists.add(list);
    List<String> flags = new ArrayList<>(PenstockProcess.withoutCache());
    flags.add("-XX:DumpLoadedClassList=" + list);
    return flags;
  }

  private PenstockProcess node(String name, Map<String, String> settings) throws IOException {
    return PenstockProcess.launch(folder(name), settings, noted(name));
  }

  private static void work(Api api) throws Exception {
    for (String[] post :
        new String[][] {
          {"/v1/embeddings", "{\"input\":\"Water\"}"},
          {"/v1/tasks", "{\"type\":\"ping\",\"input\":{},\"wait_seconds\":20}"},
          {
            "/v1/tasks",
            "[{\"type\":\"ping\",\"input\":{\"n\":1}},{\"type\":\"ping\",\"input\":{}}]"
          }
        }) {
      check(post[0], api.post(post[0], post[1]).status());
    }
    for (String get : List.of("/v1/tasks", "/v1/queues", "/v1/workers", "/metrics")) {
      check(get, api.get(get).status());
    }
  }

  private static void check(String path, int status) {
    if (status >= 300) {
      throw new IllegalStateException(path + " is answered with " + status);
    }
  }

  /** A worker and a command at a node. */
  private void farAway(PenstockProcess node) throws Exception {
    Map<String, String> environment = new HashMap<>(TinyModel.settings());
    environment.put("PENSTOCK_URL", node.uri().toString());
    environment.put("PENSTOCK_KEY", PenstockProcess.KEY);
    String[] work = {"worker", "--server", node.uri().toString()};
    try (var worker = Program.start(folder("worker"), environment, noted("worker"), work)) {
      worker.awaitOutput(" works for ");
      worker.terminate();
    }
    String[] submit = {"submit", "--type=ping", "--input={}", "--wait"};
    try (var command = Program.start(folder("command"), environment, noted("command"), submit)) {
      command.awaitEnd();
    }
  }

  /** Numbers that only one list gives its classes, and classes of plugins, are left out. */
  private void archive() throws IOException, InterruptedException {
    Set<String> all = new LinkedHashSet<>();
    for (Path list : lists) {
      try (Stream<String> lines = Files.lines(list)) {
        lines
            .filter(line -> !line.contains(" source: "))
            .map(line -> line.replaceFirst(" id: \\d+$", ""))
            .forEach(all::add);
      }
    }
    Path merged = Files.write(scratch.resolve("classes"), all);
    Path part = FOLDER.resolve("classes.part");
    Process dump =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:dump",
                "-XX:+AOTClassLinking",
                "-XX:SharedClassListFile=" + merged,
                "-XX:SharedArchiveFile=" + part,
                "-Xlog:all=off",
                "-cp",
                PenstockProcess.jar().toString())
            .inheritIO()
            .start();
    if (!dump.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || dump.exitValue() != 0) {
      dump.destroyForcibly();
      throw new IllegalStateException("no archive of classes was made");
    }
    Files.move(part, ARCHIVE, StandardCopyOption.ATOMIC_MOVE);
  }
}
