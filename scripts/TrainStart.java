import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * After packaging: {@code TrainStart <jar> <cache>} starts the program once, lets it do some work and stops it. The
 * JVM notes which classes that took, loaded and linked, and how its methods were used, and writes that to the cache;
 * with {@code -XX:AOTCache=<cache>} the program then starts in half the time. Without a cache all works as well: a
 * failure here is told and no more.
 */
final class TrainStart {
  private static final Pattern READY = Pattern.compile(" is at (http://\\S+)");
  private static final int ROUNDS = 200;
  private static final String PING = "{\"type\":\"ping\",\"input\":{}}";
  private static final Duration LIMIT = Duration.ofMinutes(5);

  public static void main(String[] args) throws Exception {
    Path jar = Path.of(args[0]);
    Path cache = Path.of(args[1]);
    Path part = Path.of(args[1] + ".part");
    Files.deleteIfExists(cache);
    Path folder = Files.createTempDirectory("penstock-train");
    try {
      train(jar, part, folder);
      Files.move(part, cache, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | IllegalStateException e) {
      System.err.println("no " + cache + ", so starts take longer: " + e.getMessage());
      Files.deleteIfExists(part);
      Files.deleteIfExists(Path.of(part + ".config")); // what the JVM collected by then
    } finally {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private static void train(Path jar, Path cache, Path folder) throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:AOTCacheOutput=" + cache,
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.io.tmpdir=" + folder,
            "-jar",
            jar.toString(),
            "--port",
            "0",
            "--data",
            folder.resolve("data").toString(),
            "--device",
            "cpu");
    // What is set where it is built is not for this run.
    String path = System.getenv("PATH");
    builder.environment().clear();
    builder.environment().putAll(Map.of("PATH", path == null ? "" : path));
    Process program = builder.redirectErrorStream(true).start();
    try {
      Thread.ofVirtual().start(() -> {
        try {
          if (!program.waitFor(2 * LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            program.destroyForcibly();
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      });
      try (BufferedReader output = program.inputReader()) {
        work(uri(output), Files.readString(folder.resolve("data/api-key")).strip());
        program.toHandle().destroy(); // Process.destroy would close its output, too
        output.transferTo(java.io.Writer.nullWriter());
      }
      if (!program.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || !Files.exists(cache)) {
        throw new IllegalStateException("the program wrote none");
      }
    } finally {
      program.destroyForcibly().waitFor();
    }
  }

  private static URI uri(BufferedReader output) throws IOException {
    var said = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      Matcher ready = READY.matcher(line);
      if (ready.find()) {
        return URI.create(ready.group(1));
      }
      said.append(line).append('\n');
    }
    throw new IllegalStateException("the program ended: " + said);
  }

  /** Enough of what is asked most to leave profiles with which the compilers begin the next time. */
  private static void work(URI uri, String key) throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (int i = 0; i < ROUNDS; i++) {
        for (String[] post :
            List.of(
                new String[] {"/v1/embeddings", "{\"input\":\"Water " + i + "\"}"},
                new String[] {
                  "/v1/embeddings", "{\"input\":[\"Water\",\"Fire " + i + "\"],\"encoding_format\":\"base64\"}"
                },
                new String[] {"/v1/tasks", "{\"type\":\"ping\",\"input\":{},\"wait_seconds\":5}"},
                new String[] {"/v1/tasks", Collections.nCopies(10, PING).toString()})) {
          send(http, request(uri, key, post[0]).POST(BodyPublishers.ofString(post[1])));
        }
      }
      for (String get : List.of("/health/ready", "/v1/tasks", "/v1/queues", "/v1/workers", "/metrics")) {
        send(http, request(uri, key, get).GET());
      }
    }
  }

  private static HttpRequest.Builder request(URI uri, String key, String path) {
    return HttpRequest.newBuilder(uri.resolve(path))
        .timeout(LIMIT)
        .header("Authorization", "Bearer " + key)
        .header("Content-Type", "application/json");
  }

  private static void send(HttpClient http, HttpRequest.Builder request) throws IOException, InterruptedException {
    var answer = http.send(request.build(), BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IllegalStateException(answer.uri() + ": " + answer.body());
    }
  }
}
