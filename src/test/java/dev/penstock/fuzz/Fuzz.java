package dev.penstock.fuzz;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Has Jazzer make up inputs for each {@link Kind} in turn, guided by which of our code they reach,
 * and writes {@code target/fuzz.md}. Ends with 1 when a promise was broken. What Jazzer keeps stays
 * in {@code target/fuzz/corpus}, so that the next time goes on from there.
 */
public final class Fuzz {
  private static final Path TABLE = Path.of("target/fuzz.md");
  private static final Path FOLDER = Path.of("target/fuzz");
  private static final String JAZZER = "com.code_intelligence.jazzer.Jazzer";
  private static final int HEAP_MIB = 1_024;

  /** An input that takes longer is a finding, in seconds. */
  private static final int SLOW = 30;

  /** Findings of a kind after which it is enough. */
  private static final int MOST_FINDINGS = 20;

  /** For the start, and for an input that takes its time. */
  private static final Duration SPARE = Duration.ofMinutes(3);

  /** Ours, and what reads before us. */
  private static final String GUIDED =
      "dev.penstock.**:io.netty.handler.codec.http.*:io.vertx.core.http.impl.*:org.yaml.snakeyaml.**";

  private static final String NOT_GUIDED =
      "dev.penstock.fuzz.**:dev.penstock.testing.**:dev.penstock.api.FuzzServer**"
          + ":dev.penstock.api.TestServer**:dev.penstock.api.ScriptedDispatcher**"
          + ":dev.penstock.api.RawClient**:dev.penstock.api.Bad**:dev.penstock.storage.TestTasks**";

  private Fuzz() {}

  public static void main(String[] arguments) throws Exception {
    long minutes = arguments.length > 0 ? Long.parseLong(arguments[0]) : 10;
    List<Kind> kinds =
        arguments.length > 1
            ? Stream.of(arguments).skip(1).map(Kind::of).toList()
            : List.of(Kind.values());
    Duration each = Duration.ofMinutes(minutes).dividedBy(kinds.size());
    List<FuzzRun> runs = new ArrayList<>();
    for (Kind kind : kinds) {
      System.out.printf("fuzz: %s, %d s%n", kind.word(), each.toSeconds());
      runs.add(run(kind, each));
      Files.writeString(TABLE, FuzzRun.table(runs));
    }
    System.out.println(FuzzRun.table(runs));
    boolean clean = runs.stream().allMatch(run -> run.findings().isEmpty());
    if (!clean) {
      runs.forEach(run -> run.findings().forEach(System.out::println));
      System.out.println("fuzz: copy what broke a promise to src/test/resources/fuzz/<kind>");
    }
    System.exit(clean ? 0 : 1);
  }

  private static FuzzRun run(Kind kind, Duration time) throws Exception {
    Path corpus = Files.createDirectories(FOLDER.resolve("corpus").resolve(kind.word()));
    Path made = fresh("made", kind);
    int number = 0;
    for (byte[] seed : kind.moreSeeds()) {
      Files.write(made.resolve("seed" + number++), seed);
    }
    Path findings = fresh("findings", kind);
    Path log = FOLDER.resolve(kind.word() + ".log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of(
            "-Xmx" + HEAP_MIB + "m",
            "-XX:+EnableDynamicAgentLoading",
            "-cp",
            System.getProperty("java.class.path"),
            JAZZER,
            "--target_class=" + FuzzEntry.class.getName(),
            "--target_args=" + kind.word(),
            "--instrumentation_includes=" + GUIDED,
            "--instrumentation_excludes=" + NOT_GUIDED,
            "--custom_hook_includes=" + GUIDED,
            "--custom_hook_excludes=" + NOT_GUIDED,
            // The server and its client talk over a socket.
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery",
            "--keep_going=" + MOST_FINDINGS,
            "--reproducer_path=" + findings,
            "-artifact_prefix=" + findings + "/",
            "-max_total_time=" + Math.max(1, time.toSeconds()),
            "-timeout=" + SLOW,
            "-rss_limit_mb=0", // the heap has a limit of its own
            "-max_len=" + kind.longest(),
            "-print_final_stats=1",
            corpus.toString(),
            kind.seeds().toString(),
            made.toString()));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    boolean ended = process.waitFor(time.plus(SPARE).toSeconds(), TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    return FuzzRun.of(kind, ended ? process.exitValue() : -1, log, findings, corpus);
  }

  private static Path fresh(String name, Kind kind) throws IOException {
    Path folder = FOLDER.resolve(name).resolve(kind.word());
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    return Files.createDirectories(folder);
  }
}
