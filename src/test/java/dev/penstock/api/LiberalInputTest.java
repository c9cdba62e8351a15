package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What clients of other services send, and ours means the same by. */
final class LiberalInputTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
  }

  private HttpRequest.Builder post(String path, byte[] body) {
    return HttpRequest.newBuilder(uri(path))
        .header("Authorization", "Bearer " + TestServer.KEY)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofByteArray(body));
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  private int status(HttpRequest request) throws Exception {
    return client.send(request, BodyHandlers.ofString()).statusCode();
  }

  private static byte[] b(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzip(byte[] plain) throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  @Test
  void fieldsOfOtherServicesAreTaken() throws Exception {
    for (String more :
        List.of(
            "\"user\":7",
            "\"user\":{\"id\":[1]}",
            "\"user\":\"\"",
            "\"model\":\"\"",
            "\"dimensions\":8.0",
            "\"truncate\":\"END\"",
            "\"truncate\":\"NONE\"",
            "\"truncate\":\"START\"",
            "\"truncate\":true",
            "\"truncate\":false")) {
      assertThat(status(post("/v1/embeddings", b("{\"input\":\"a\"," + more + "}")).build()))
          .as(more)
          .isEqualTo(200);
    }
    for (String more : List.of("\"dimensions\":8.5", "\"truncate\":1", "\"truncate\":\"middle\"")) {
      assertThat(status(post("/v1/embeddings", b("{\"input\":\"a\"," + more + "}")).build()))
          .as(more)
          .isEqualTo(400);
    }
  }

  @Test
  void aMarkBeforeTheJsonAndAnotherNameOfUtf8AreTaken() throws Exception {
    assertThat(status(post("/v1/embeddings", b("\ufeff{\"input\":\"a\"}")).build())).isEqualTo(200);
    assertThat(
            status(
                post("/v1/embeddings", b("{\"input\":\"a\"}"))
                    .setHeader("Content-Type", "application/json; charset=utf8")
                    .build()))
        .isEqualTo(200);
  }

  @Test
  void aCompressedBodyIsReadWithinTheSameLimitsAndItsMemoryIsGivenBack() throws Exception {
    byte[] packed = gzip(b("{\"input\":\"a\"}"));
    assertThat(status(post("/v1/embeddings", packed).header("Content-Encoding", "gzip").build()))
        .isEqualTo(200);
    byte[] bomb = gzip(b("[" + " ".repeat(3_000_000)));
    for (byte[] each : List.of(bomb, gzip(new byte[64 << 20]))) {
      assertThat(status(post("/v1/embeddings", each).header("Content-Encoding", "gzip").build()))
          .isEqualTo(413);
    }
    assertThat(
            status(
                post("/v1/embeddings", b("{\"input\":\"a\"}"))
                    .header("Content-Encoding", "gzip")
                    .build()))
        .isEqualTo(400);
    assertThat(server.verticle().bytesOfBodies()).isZero();
  }

  @Test
  void jsonIsCompressedForWhoAsksForThat() throws Exception {
    byte[] body = b("{\"input\":\"a\"}");
    HttpResponse<byte[]> plain =
        client.send(post("/v1/embeddings", body).build(), BodyHandlers.ofByteArray());
    assertThat(plain.headers().firstValue("Content-Encoding")).isEmpty();
    HttpResponse<byte[]> packed =
        client.send(
            post("/v1/embeddings", body).header("Accept-Encoding", "br, gzip").build(),
            BodyHandlers.ofByteArray());
    assertThat(packed.headers().firstValue("Content-Encoding")).contains("gzip");
    assertThat(packed.headers().firstValue("Vary")).contains("Accept-Encoding");
    try (var in = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
      assertThat(in.readAllBytes()).hasSize(plain.body().length);
    }
    HttpResponse<byte[]> refused =
        client.send(
            post("/v1/embeddings", body).header("Accept-Encoding", "gzip;q=0").build(),
            BodyHandlers.ofByteArray());
    assertThat(refused.headers().firstValue("Content-Encoding")).isEmpty();
  }

  @Test
  void azuresPathAndHeaderAreTheSameAsOpenAis() throws Exception {
    String path = "/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21";
    HttpRequest azure =
        HttpRequest.newBuilder(uri(path))
            .header("api-key", TestServer.KEY)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"input\":\"a\",\"model\":\"whatever\"}"))
            .build();
    HttpResponse<String> reply = client.send(azure, BodyHandlers.ofString());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(reply.body()).contains("\"model\":\"all-minilm-l6-v2\"");
    String nowhere = "/openai/deployments/gpt-9/embeddings";
    assertThat(status(post(nowhere, b("{\"input\":\"a\"}")).build())).isEqualTo(404);
    assertThat(status(HttpRequest.newBuilder(uri("/v1/models")).header("api-key", "nope").build()))
        .isEqualTo(401);
  }
}
