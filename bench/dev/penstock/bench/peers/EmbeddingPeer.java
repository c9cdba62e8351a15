package dev.penstock.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.bench.Server;
import dev.penstock.bench.Surroundings;
import dev.penstock.testing.Api;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Somebody else's embeddings in a process of their own, which reads texts and writes vectors, and
 * takes the time itself. Its sources are in {@code bench/peers}.
 */
public final class EmbeddingPeer implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final Peer peer;
  private final String versions;

  private EmbeddingPeer(Peer peer, String versions) {
    this.peer = peer;
    this.versions = versions;
  }

  /**
   * What came of it.
   *
   * @param nanos from texts in its memory to vectors in its memory
   */
  public record Embedded(long nanos, List<float[]> vectors) {}

  /** Starts langchain4j on this JDK with default options and waits until it has the model. */
  public static EmbeddingPeer langchain4j(Path scratch, Path model) throws Exception {
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
    return start("langchain4j", folder, command, Map.of());
  }

  /** Starts transformers.js with default options and waits until it has the model. */
  public static EmbeddingPeer transformers(Path scratch, Path model) throws Exception {
    Path folder = Files.createTempDirectory(scratch, "transformers");
    List<String> command =
        List.of("node", built("transformers/peer.js").toString(), model.toString());
    // Newer versions of ONNX Runtime report their use over the network unless told not to.
    Map<String, String> environment = Map.of("ORT_DISABLE_TELEMETRY", "1");
    return start("transformers.js", folder, command, environment);
  }

  private static Path built(String file) {
    Path path = Surroundings.peers().resolve(file);
    if (!Files.isRegularFile(path)) {
      throw new IllegalStateException("there is no " + path + ": make bench-peers builds it");
    }
    return path;
  }

  private static EmbeddingPeer start(
      String name, Path folder, List<String> command, Map<String, String> environment)
      throws Exception {
    Map<String, String> all = new HashMap<>(environment);
    // Whatever it keeps outside the folder of its packages, it keeps here.
    all.put("HOME", folder.toString());
    all.put("TMPDIR", folder.toString());
    Peer peer = Peer.start(folder, name, all, command);
    try {
      return new EmbeddingPeer(peer, peer.answer(LIMIT).path("versions").asText());
    } catch (Exception | Error e) {
      peer.close();
      throw e;
    }
  }

  /** Its own version and what it runs on. */
  public String versions() {
    return versions;
  }

  /**
   * Embeds all texts, in order.
   *
   * @param way which of its ways: they are named in its source
   */
  public Embedded embed(String way, List<String> texts) throws Exception {
    ObjectNode request = Api.JSON.createObjectNode().put("way", way);
    ArrayNode list = request.putArray("texts");
    texts.forEach(list::add);
    JsonNode reply = peer.ask(request.toString(), LIMIT);
    return new Embedded(reply.path("nanos").asLong(), Server.vectors(reply));
  }

  @Override
  public void close() {
    peer.close();
  }
}
