package dev.penstock.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.testing.Api;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Somebody else's embeddings in a process of their own, which reads texts and writes vectors, a
 * line of JSON each, and takes the time itself. Its sources are in {@code bench/peers}.
 */
final class EmbeddingPeer implements AutoCloseable {
  private static final long LIMIT_S = 90;
  private static final long END_S = 10;
  private static final int TAIL = 4_000;

  private final String name;
  private final Path errors;
  private final Process process;
  private final BufferedReader replies;
  private final Writer requests;
  private final ExecutorService talk = Executors.newSingleThreadExecutor();
  private String versions = "";

  private EmbeddingPeer(
      String name, Path folder, List<String> command, Map<String, String> environment)
      throws IOException {
    this.name = name;
    this.errors = folder.resolve("errors.log");
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeIf(variable -> variable.matches("(JAVA|JDK|NODE)_.*"));
    builder.environment().putAll(environment);
    // Whatever they keep outside the folder of their packages, they keep here.
    builder.environment().put("HOME", folder.toString());
    builder.environment().put("TMPDIR", folder.toString());
    this.process = builder.redirectError(errors.toFile()).start();
    this.replies = process.inputReader(StandardCharsets.UTF_8);
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
  }

  /**
   * What came of it.
   *
   * @param nanos from texts in its memory to vectors in its memory
   */
  record Embedded(long nanos, List<float[]> vectors) {}

  /** Starts langchain4j on this JDK with default options and waits until it has the model. */
  static EmbeddingPeer langchain4j(Path scratch, Path model) throws Exception {
    Path folder = Files.createTempDirectory(scratch, "langchain4j");
    Path built = built("langchain4j/classpath");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Dai.djl.offline=true",
            "-DOPT_OUT_TRACKING=true",
            "-DDJL_CACHE_DIR=" + folder.resolve("djl"),
            "-Djava.io.tmpdir=" + folder,
            "-cp",
            built.resolveSibling("classes") + ":" + Files.readString(built).strip(),
            "dev.penstock.peers.Langchain4jPeer",
            model.toString());
    return started(new EmbeddingPeer("langchain4j", folder, command, Map.of()));
  }

  /** Starts transformers.js with default options and waits until it has the model. */
  static EmbeddingPeer transformers(Path scratch, Path model) throws Exception {
    Path folder = Files.createTempDirectory(scratch, "transformers");
    List<String> command =
        List.of("node", built("transformers/peer.js").toString(), model.toString());
    // Newer versions of ONNX Runtime report their use over the network unless told not to.
    Map<String, String> environment = Map.of("ORT_DISABLE_TELEMETRY", "1");
    return started(new EmbeddingPeer("transformers.js", folder, command, environment));
  }

  private static Path built(String file) {
    Path path = Surroundings.peers().resolve(file);
    if (!Files.isRegularFile(path)) {
      throw new IllegalStateException("there is no " + path + ": make bench-peers builds it");
    }
    return path;
  }

  private static EmbeddingPeer started(EmbeddingPeer peer) throws Exception {
    try {
      peer.versions = peer.within(peer::reply).path("versions").asText();
      return peer;
    } catch (Exception | Error e) {
      peer.close();
      throw e;
    }
  }

  /** Its own version and what it runs on. */
  String versions() {
    return versions;
  }

  /**
   * Embeds all texts, in order.
   *
   * @param way which of its ways: they are named in its source
   */
  Embedded embed(String way, List<String> texts) throws IOException, InterruptedException {
    ObjectNode request = Api.JSON.createObjectNode().put("way", way);
    ArrayNode list = request.putArray("texts");
    texts.forEach(list::add);
    JsonNode reply =
        within(() -> {
          requests.write(request + "\n");
          requests.flush();
          return reply();
        });
    return new Embedded(reply.path("nanos").asLong(), Server.vectors(reply));
  }

  private JsonNode reply() throws IOException {
    String line = replies.readLine();
    if (line == null) {
      throw new IOException("it has ended");
    }
    return Api.JSON.readTree(line);
  }

  private JsonNode within(Callable<JsonNode> call) throws IOException, InterruptedException {
    try {
      return talk.submit(call).get(LIMIT_S, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IOException(name + ": " + e.getCause() + "\n" + tail(), e);
    } catch (TimeoutException e) {
      throw new IOException(name + ": no reply within " + LIMIT_S + " s\n" + tail(), e);
    }
  }

  /** The end of what it has written to its stderr. */
  private String tail() throws IOException {
    String all = Files.readString(errors);
    return all.substring(Math.max(0, all.length() - TAIL));
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    talk.shutdownNow();
    try {
      if (!process.waitFor(END_S, TimeUnit.SECONDS)) {
        throw new IOException(name + " survived SIGKILL");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
