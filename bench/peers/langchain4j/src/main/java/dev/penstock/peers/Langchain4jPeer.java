package dev.penstock.peers;

import ai.onnxruntime.OrtEnvironment;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.OnnxEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;

/**
 * langchain4j's embeddings for the benchmark: a line of JSON with texts comes in, a line with their
 * vectors and the time they took goes out. Reading and writing the lines is not in that time.
 */
final class Langchain4jPeer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String POM = "/META-INF/maven/dev.langchain4j/langchain4j-embeddings/";

  private Langchain4jPeer() {}

  /**
   * @param args the folder of the model
   */
  public static void main(String[] args) throws IOException {
    // Nothing but replies may come between replies, whatever libraries print.
    PrintStream replies = System.out;
    System.setOut(System.err);
    Path folder = Path.of(args[0]);
    EmbeddingModel model =
        new OnnxEmbeddingModel(
            folder.resolve("onnx/model.onnx"), folder.resolve("tokenizer.json"), PoolingMode.MEAN);
    replies.println(JSON.createObjectNode().put("versions", versions()));
    var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      JsonNode request = JSON.readTree(line);
      List<String> texts = new ArrayList<>();
      request.path("texts").forEach(text -> texts.add(text.asText()));
      replies.println(reply(model, request.path("way").asText(), texts));
    }
  }

  private static String versions() throws IOException {
    var pom = new Properties();
    try (InputStream in = OnnxEmbeddingModel.class.getResourceAsStream(POM + "pom.properties")) {
      pom.load(in);
    }
    return "langchain4j-embeddings %s, ONNX Runtime %s"
        .formatted(pom.getProperty("version"), OrtEnvironment.getEnvironment().getVersion());
  }

  private static ObjectNode reply(EmbeddingModel model, String way, List<String> texts) {
    long start = System.nanoTime();
    List<Embedding> vectors =
        switch (way) {
          case "embed" -> texts.stream().map(text -> model.embed(text).content()).toList();
          case "embedAll" ->
              model.embedAll(texts.stream().map(TextSegment::from).toList()).content();
          default -> throw new IllegalArgumentException("there is no way " + way);
        };
    ObjectNode reply = JSON.createObjectNode().put("nanos", System.nanoTime() - start);
    ArrayNode data = reply.putArray("data");
    vectors.forEach(vector -> data.addObject().put("embedding", base64(vector.vector())));
    return reply;
  }

  private static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
