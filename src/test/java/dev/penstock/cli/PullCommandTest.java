package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.base.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class PullCommandTest {
  private static final String TREE = "/api/models/org/talk-GGUF/tree/main?recursive=true";
  private static final String RESOLVE = "/org/talk-GGUF/resolve/main/";

  @TempDir private Path folder;
  private Hub hub = new Hub();

  @BeforeEach
  void open() {
    hub = new Hub();
  }

  @AfterEach
  void close() {
    hub.close();
  }

  /** A hub whose files may break off, and lie elsewhere. */
  private static final class Hub implements AutoCloseable {
    final Map<String, byte[]> files = new HashMap<>();
    final Map<String, String> moved = new HashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final HttpServer server;
    final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** A reply ends after so many bytes. */
    volatile int breaksAfter = Integer.MAX_VALUE;

    /** Empty: nobody says. */
    volatile String version = "\"1\"";

    Hub() {
      try {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
      server.setExecutor(threads);
      server.createContext("/", this::answer);
      server.start();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
      try (exchange) {
        String path = exchange.getRequestURI().toString();
        String range = exchange.getRequestHeaders().getFirst("Range");
        String token = exchange.getRequestHeaders().getFirst("Authorization");
        asked.add(path + (range == null ? "" : " " + range) + (token == null ? "" : " " + token));
        String elsewhere = moved.get(path);
        if (elsewhere != null) {
          exchange.getResponseHeaders().set("Location", elsewhere);
          exchange.sendResponseHeaders(302, -1);
          return;
        }
        byte[] all = files.get(path);
        if (all == null) {
          exchange.sendResponseHeaders(404, -1);
          return;
        }
        boolean part =
            range != null && version.equals(exchange.getRequestHeaders().getFirst("If-Range"));
        int from = part ? Integer.parseInt(range.replaceAll("\\D", "")) : 0;
        if (!version.isEmpty()) {
          exchange.getResponseHeaders().set("ETag", version);
        }
        if (part) {
          exchange
              .getResponseHeaders()
              .set("Content-Range", "bytes %d-%d/%d".formatted(from, all.length - 1, all.length));
        }
        exchange.sendResponseHeaders(part ? 206 : 200, all.length - from);
        exchange.getResponseBody().write(all, from, Math.min(all.length - from, breaksAfter));
      }
    }

    /** A file in the list of a repository. */
    String listed(String name, byte[] bytes) {
      files.put(RESOLVE + name, bytes);
      return "{\"type\":\"file\",\"path\":\"%s\",\"size\":%d,\"lfs\":{\"oid\":\"%s\"}}"
          .formatted(name, bytes.length, sum(bytes));
    }

    void list(String... entries) {
      files.put(TREE, ("[" + String.join(",", entries) + "]").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
      server.stop(0);
      threads.shutdownNow();
    }
  }

  private static String sum(byte[] bytes) {
    return HexFormat.of().formatHex(Digests.sha256().digest(bytes));
  }

  private static byte[] bytes(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private CommandRun pull(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "pull";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return CommandRun.with(
        InputStream.nullInputStream(),
        false,
        Map.of("HF_ENDPOINT", hub.url(), "HF_TOKEN", "hf_abc", "MODELS_DIR", folder.toString()),
        all);
  }

  @Test
  void aModelOfTheHubIsThereUnderItsNameOnceItIsWhole() {
    byte[] model = bytes(1, 300_000);
    hub.list(hub.listed("talk-q8_0.gguf", model), "{\"type\":\"file\",\"path\":\"README.md\"}");
    var run = pull("hf:org/talk-GGUF");
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    assertThat(folder.resolve("talk/talk-q8_0.gguf")).hasBinaryContent(model);
    assertThat(folder.toFile().list()).containsExactly("talk");
    assertThat(folder.resolve("talk").toFile().list()).hasSize(1);
    assertThat(run.out()).contains("\"model\":\"talk\"").contains(sum(model));
    assertThat(pull("hf:org/talk-GGUF").err()).contains("is there already");
  }

  @Test
  void whatBreaksOffGoesOnWhereItWas() {
    byte[] model = bytes(2, 500_000);
    hub.list(hub.listed("talk.gguf", model));
    hub.breaksAfter = 200_000;
    var run = pull("hf:org/talk-GGUF");
    assertThat(run.err()).isEmpty();
    assertThat(folder.resolve("talk/talk.gguf")).hasBinaryContent(model);
    assertThat(hub.asked).anyMatch(asked -> asked.matches(".*bytes=[1-9]\\d*-.*"));
  }

  @Test
  void aFileThatChangedMeanwhileIsFetchedAnew() throws Exception {
    byte[] model = bytes(3, 100_000);
    hub.list(hub.listed("talk.gguf", model));
    Path work = Files.createDirectories(folder.resolve(".pull-talk"));
    Files.write(work.resolve("talk.gguf"), bytes(4, 50_000));
    Files.writeString(work.resolve("talk.gguf.version"), "\"0\"");
    assertThat(pull("hf:org/talk-GGUF").code()).isZero();
    assertThat(folder.resolve("talk/talk.gguf")).hasBinaryContent(model);
  }

  @Test
  void aFileThatIsNotWhatTheHubSaysIsNotKept() {
    hub.list(hub.listed("talk.gguf", bytes(5, 1_000)));
    hub.files.put(RESOLVE + "talk.gguf", bytes(6, 1_000));
    var run = pull("hf:org/talk-GGUF");
    assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("SHA-256");
    assertThat(folder.resolve("talk")).doesNotExist();
    assertThat(folder.resolve(".pull-talk/talk.gguf")).doesNotExist();
    hub.files.put(RESOLVE + "talk.gguf", bytes(5, 1_000));
    assertThat(pull("hf:org/talk-GGUF").code()).isZero();
  }

  @Test
  void aFileThatEndsTooEarlyEachTimeIsGivenUpThoughItBeginsAnew() {
    hub.list(hub.listed("talk.gguf", bytes(19, 100_000)));
    hub.files.put(RESOLVE + "talk.gguf", bytes(19, 90_000));
    hub.version = "";
    var run = pull("hf:org/talk-GGUF");
    assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(folder.resolve("talk")).doesNotExist();
  }

  @Test
  void ofSeveralFilesOneHasToBeNamedUnlessOneIsUsual() {
    byte[] big = bytes(7, 2_000);
    byte[] small = bytes(8, 1_000);
    hub.list(hub.listed("talk-Q8_0.gguf", big), hub.listed("talk-Q2_K.gguf", small));
    assertThat(pull("hf:org/talk-GGUF").err())
        .contains("say which file")
        .contains("talk-Q2_K.gguf");
    assertThat(pull("hf:org/talk-GGUF:Q2_K", "--name=little").code()).isZero();
    assertThat(folder.resolve("little/talk-Q2_K.gguf")).hasBinaryContent(small);
    assertThat(pull("hf:org/talk-GGUF:none.gguf").err()).contains("has no file 'none.gguf'");
    hub.list(hub.listed("talk-Q8_0.gguf", big), hub.listed("talk-Q4_K_M.gguf", small));
    assertThat(pull("hf:org/talk-GGUF").code()).isZero();
    assertThat(folder.resolve("talk/talk-Q4_K_M.gguf")).hasBinaryContent(small);
  }

  @Test
  void thePartsOfASplitModelComeTogether() {
    hub.list(
        hub.listed("q4/talk-00001-of-00002.gguf", bytes(9, 1_000)),
        hub.listed("q4/talk-00002-of-00002.gguf", bytes(10, 1_000)));
    assertThat(pull("hf:org/talk-GGUF").code()).isZero();
    assertThat(folder.resolve("talk").toFile().list()).hasSize(2);
  }

  @Test
  void anEncoderComesWithWhatBelongsToIt() {
    hub.list(
        hub.listed("onnx/model.onnx", bytes(11, 1_000)),
        hub.listed("onnx/model_quantized.onnx", bytes(12, 1_000)),
        hub.listed("tokenizer.json", bytes(13, 100)),
        hub.listed("config.json", bytes(14, 100)),
        hub.listed("1_Pooling/config.json", bytes(15, 100)));
    assertThat(pull("hf:org/talk-GGUF", "--name", "encoder").code()).isZero();
    assertThat(folder.resolve("encoder/onnx/model.onnx")).exists();
    assertThat(folder.resolve("encoder/1_Pooling/config.json")).exists();
    assertThat(folder.resolve("encoder/onnx/model_quantized.onnx")).doesNotExist();
  }

  @Test
  void redirectsAreFollowedButNotToWhereAnybodyReadsAlong() {
    byte[] model = bytes(16, 1_000);
    hub.files.put("/cdn/talk.gguf", model);
    hub.moved.put("/talk.gguf", "/cdn/talk.gguf");
    var run = pull(hub.url() + "/talk.gguf", "--sha256", sum(model));
    assertThat(run.err()).isEmpty();
    assertThat(folder.resolve("talk/talk.gguf")).hasBinaryContent(model);
    hub.moved.put("/other.gguf", "http://example.com/other.gguf");
    assertThat(pull(hub.url() + "/other.gguf").err()).contains("not https");
    hub.moved.put("/round.gguf", "/round.gguf");
    assertThat(pull(hub.url() + "/round.gguf").err()).contains("without end");
  }

  @Test
  void theTokenGoesToTheHubAlone() {
    byte[] model = bytes(17, 1_000);
    try (var cdn = new Hub()) {
      cdn.files.put("/talk.gguf", model);
      hub.list(hub.listed("talk.gguf", model));
      hub.moved.put(
          RESOLVE + "talk.gguf", cdn.url().replace("127.0.0.1", "localhost") + "/talk.gguf");
      assertThat(pull("hf:org/talk-GGUF").code()).isZero();
      assertThat(hub.asked).isNotEmpty().allMatch(asked -> asked.endsWith("Bearer hf_abc"));
      assertThat(cdn.asked).isNotEmpty().noneMatch(asked -> asked.contains("Bearer"));
    }
  }

  @Test
  void whatIsNotThereOrNoNameIsSaid() {
    assertThat(pull("hf:org/talk-GGUF").err()).contains("no such model or file");
    for (String wrong :
        List.of(
            "talk",
            "http://example.com/a.gguf",
            "https://example.com/",
            "hf:../../x",
            "ftp://a/b")) {
      var run = pull(wrong);
      assertThat(run.code()).as(wrong).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).as(wrong).contains("neither hf:org/name");
    }
    assertThat(pull("hf:org/talk-GGUF", "--name=../up").err())
        .contains("a model's name has letters");
  }

  @Test
  void aNameInTheListCannotLeaveTheModelsDirectory() {
    hub.list(hub.listed("../../talk.gguf", bytes(18, 100)));
    assertThat(pull("hf:org/talk-GGUF", "--name=safe").code()).isZero();
    assertThat(folder.resolve("safe/talk.gguf")).exists();
    assertThat(folder.resolve("../talk.gguf")).doesNotExist();
  }
}
