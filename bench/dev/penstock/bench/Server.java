package dev.penstock.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A Penstock process of its own, with default settings or others, and the requests it gets. */
public final class Server implements AutoCloseable {
  private final PenstockProcess process;
  private final Path folder;
  private final Cpu cpu;

  private Server(PenstockProcess process, Path folder) {
    this.process = process;
    this.folder = folder;
    this.cpu = new Cpu(process.pid());
  }

  /** Starts one and waits until it is ready. */
  public static Server start(Path scratch) throws Exception {
    return start(scratch, Map.of());
  }

  /** Starts one with settings of its own, as environment variables. */
  public static Server start(Path scratch, Map<String, String> settings) throws Exception {
    Path folder = Files.createTempDirectory(scratch, "penstock");
    return new Server(PenstockProcess.startShipped(folder, settings), folder);
  }

  /** Settings with which every text is run, whether it was sent before or not. */
  public static Map<String, String> withoutCache(Map<String, String> settings) {
    var all = new HashMap<String, String>(settings);
    all.put("EMBEDDING_CACHE", "0");
    return all;
  }

  /** Lets it finish what it has in hand and waits for its end. */
  void terminate(Duration limit) throws InterruptedException {
    process.terminate(limit);
  }

  public URI uri() {
    return process.uri();
  }

  public Cpu cpu() {
    return cpu;
  }

  public long pid() {
    return process.pid();
  }

  /** The reply to one request, on a connection of its own. */
  public byte[] ask(byte[] request) throws IOException {
    try (var connection = new Connection(uri())) {
      return connection.ask(request);
    }
  }

  public byte[] get(String path) {
    return Connection.get(uri(), PenstockProcess.KEY, path);
  }

  /**
   * A GET with a header of one's own.
   *
   * @param header a whole line, in place of the key's
   */
  public byte[] getWith(String path, String header) {
    return Connection.getWith(uri(), path, header);
  }

  public byte[] post(String path, String json) {
    return Connection.post(uri(), PenstockProcess.KEY, path, json.getBytes(StandardCharsets.UTF_8));
  }

  /** A held embeddings request, for base64 as the SDKs ask for it. */
  public byte[] embeddings(String model, List<String> texts) {
    ObjectNode body =
        Api.JSON.createObjectNode().put("model", model).put("encoding_format", "base64");
    ArrayNode input = body.putArray("input");
    texts.forEach(input::add);
    return post("/v1/embeddings", body.toString());
  }

  /** Requests for all texts, so many in each. */
  public List<byte[]> embeddings(String model, List<String> texts, int inputs) {
    List<byte[]> requests = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += inputs) {
      requests.add(embeddings(model, texts.subList(from, Math.min(texts.size(), from + inputs))));
    }
    return requests;
  }

  /** The vectors of a reply. */
  public static List<float[]> vectors(byte[] reply) throws IOException {
    return vectors(Api.JSON.readTree(reply));
  }

  public static List<float[]> vectors(JsonNode reply) {
    List<float[]> vectors = new ArrayList<>();
    for (JsonNode each : reply.path("data")) {
      ByteBuffer bytes =
          ByteBuffer.wrap(Base64.getDecoder().decode(each.path("embedding").asText()))
              .order(ByteOrder.LITTLE_ENDIAN);
      float[] vector = new float[bytes.remaining() / Float.BYTES];
      bytes.asFloatBuffer().get(vector);
      vectors.add(vector);
    }
    return vectors;
  }

  @Override
  public void close() throws IOException {
    process.close();
    Folders.delete(folder);
  }
}
