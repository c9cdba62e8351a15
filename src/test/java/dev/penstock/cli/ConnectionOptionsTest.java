package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.ScriptedServer.Said;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class ConnectionOptionsTest {
  @TempDir Path folder;

  private static CommandRun status(Map<String, String> environment, String... options) {
    List<String> arguments = new ArrayList<>(List.of("status", "a"));
    arguments.addAll(List.of(options));
    return CommandRun.with(
        InputStream.nullInputStream(), false, environment, arguments.toArray(String[]::new));
  }

  @Test
  void theKeyIsTakenFromTheNearestPlaceThatHasOne() throws Exception {
    Files.writeString(folder.resolve("api-key"), "from-data\n");
    Path file = Files.writeString(folder.resolve("mine"), "from-file");
    try (var server =
        new ScriptedServer(asked -> Said.json(200, ScriptedServer.task("a", "completed")))) {
      var environment = new HashMap<String, String>();
      environment.put("PENSTOCK_URL", server.url() + "/");
      environment.put("DATA_DIR", folder.toString());
      assertThat(sent(server, environment)).isEqualTo("Bearer from-data");
      environment.put("AUTH_TOKEN", "from-token");
      assertThat(sent(server, environment)).isEqualTo("Bearer from-token");
      environment.put("PENSTOCK_KEY", "from-key");
      assertThat(sent(server, environment)).isEqualTo("Bearer from-key");
      assertThat(sent(server, environment, "--key-file=" + file)).isEqualTo("Bearer from-file");
      assertThat(sent(server, environment, "--key=given")).isEqualTo("Bearer given");
      environment.keySet().retainAll(List.of("PENSTOCK_URL"));
      assertThat(sent(server, environment, "--data=" + folder)).isEqualTo("Bearer from-data");
    }
  }

  private static String sent(
      ScriptedServer server, Map<String, String> environment, String... options) {
    CommandRun run = status(environment, options);
    assertThat(run.code()).as(run.err()).isZero();
    return server.asked().getLast().header("Authorization");
  }

  @Test
  void aMissingKeySaysWhereItWasLookedFor() {
    var none = status(Map.of(), "--data=" + folder);
    assertThat(none.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(none.err())
        .startsWith("penstock: no key: ")
        .contains("--key-file", "PENSTOCK_KEY", "AUTH_TOKEN", folder.resolve("api-key").toString());
    var file = status(Map.of(), "--key-file=" + folder.resolve("nowhere"));
    assertThat(file.err()).contains("no key: there is no file", "nowhere");
  }

  @Test
  void aKeyThatCannotBeSentIsNotPrinted() {
    var run = status(Map.of("PENSTOCK_KEY", "secret with\nlines"));
    assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.err()).contains("PENSTOCK_KEY").doesNotContain("secret");
  }

  @Test
  void aServerMustBeAWebAddress() {
    for (String wrong :
        List.of("localhost:8000", "ftp://host", "http://", "http://u:p@host", "::")) {
      var run = status(Map.of("PENSTOCK_KEY", "key"), "--server=" + wrong);
      assertThat(run.code()).as(wrong).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).contains("--server").doesNotContain("u:p");
    }
  }

  @Test
  void aServerThatIsNotThereIsSaidAtOnce() {
    String url;
    try (var server = new ScriptedServer(asked -> Said.nothing())) {
      url = server.url();
    }
    var run = status(Map.of("PENSTOCK_KEY", "key"), "--server=" + url);
    assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains(url, "cannot be reached");
  }

  @Test
  void aServerThatIsNoPenstockIsSaidToBeNone() {
    try (var server = new ScriptedServer(asked -> new Said(200, "<html>", Map.of()))) {
      var run = CommandRun.of(server, "status", "a");
      assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(run.err()).contains("is it Penstock?");
    }
    try (var server = new ScriptedServer(asked -> new Said(302, "", Map.of("Location", "/x")))) {
      assertThat(CommandRun.of(server, "status", "a").err()).contains("answered 302");
    }
  }
}
