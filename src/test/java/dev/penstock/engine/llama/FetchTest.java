package dev.penstock.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code make llama} does where the registry is not as it should be. */
final class FetchTest {
  @TempDir Path folder;

  private String fetch(String registry) throws Exception {
    var fetch = new ProcessBuilder("scripts/llama.sh", folder.toString()).redirectErrorStream(true);
    fetch.environment().put("npm_config_registry", registry);
    Process running = fetch.start();
    String said = new String(running.getInputStream().readAllBytes(), UTF_8);
    assertThat(running.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(running.exitValue()).as(said).isEqualTo(1);
    try (var left = Files.list(folder)) {
      assertThat(left).as("nothing is left behind").isEmpty();
    }
    return said;
  }

  @Test
  void aPackageThatIsNotTheKnownOneIsNotKept() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/npm/@node-llama-cpp/",
        exchange -> {
          exchange.sendResponseHeaders(200, 4);
          exchange.getResponseBody().write("evil".getBytes(UTF_8));
          exchange.close();
        });
    server.start();
    try {
      assertThat(fetch("http://127.0.0.1:" + server.getAddress().getPort() + "/npm/"))
          .contains("is not what it was", "nothing was kept");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void withoutANetworkItSaysWhatToDo() throws Exception {
    assertThat(fetch("http://127.0.0.1:9"))
        .contains("cannot fetch http://127.0.0.1:9/@node-llama-cpp/", "LLAMA_LIBRARY");
  }
}
