package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.ScriptedServer.Said;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class KeysCommandTest {
  private static final String KEY = "{\"id\":\"key-1\",\"object\":\"key\",\"owner\":\"acme\"}";

  @Test
  void aKeyIsMadeAsTheOptionsSay() {
    try (var server = new ScriptedServer(_ -> Said.json(201, KEY))) {
      var run =
          CommandRun.of(
              server,
              "keys",
              "create",
              "acme",
              "--scope",
              "client,metrics",
              "--label",
              "the mill",
              "--max-priority",
              "4");
      assertThat(run.code()).isZero();
      assertThat(run.lines()).containsExactly(KEY);
      assertThat(server.asked().getFirst().is("POST /v1/keys")).isTrue();
      assertThat(server.asked().getFirst().body())
          .isEqualTo(
              "{\"owner\":\"acme\",\"scopes\":[\"client\",\"metrics\"],\"label\":\"the mill\","
                  + "\"max_priority\":4}");
    }
  }

  @Test
  void aWorkersKeyIsBoundToLanesAndOwners() {
    try (var server = new ScriptedServer(_ -> Said.json(201, KEY))) {
      CommandRun.of(
          server,
          "keys",
          "create",
          "far",
          "--scope",
          "worker",
          "--lane",
          "ping,embedding",
          "--tasks-of",
          "acme",
          "--tasks-of",
          "mill");
      assertThat(server.asked().getFirst().body())
          .isEqualTo(
              "{\"owner\":\"far\",\"scopes\":[\"worker\"],\"lanes\":[\"ping\",\"embedding\"],"
                  + "\"owners\":[\"acme\",\"mill\"]}");
    }
  }

  @Test
  void aKeyIsAClientsUnlessSaid() {
    try (var server = new ScriptedServer(_ -> Said.json(201, KEY))) {
      CommandRun.of(server, "keys", "create", "acme");
      assertThat(server.asked().getFirst().body())
          .isEqualTo("{\"owner\":\"acme\",\"scopes\":[\"client\"]}");
    }
  }

  @Test
  void keysAreListedAsLines() {
    String list = "{\"object\":\"list\",\"data\":[" + KEY + "," + KEY + "]}";
    try (var server = new ScriptedServer(_ -> Said.json(200, list))) {
      assertThat(CommandRun.of(server, "keys", "list").lines()).containsExactly(KEY, KEY);
    }
  }

  @Test
  void anUnknownKeyHoldsUpNoOther() {
    try (var server =
        new ScriptedServer(asked ->
            asked.path().endsWith("/key-1")
                ? Said.json(200, KEY)
                : Said.error(404, "invalid_request_error", "There is no such key."))) {
      var run = CommandRun.of(server, "keys", "revoke", "a/b", "key-1");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.lines()).containsExactly(KEY);
      assertThat(server.asked().getFirst().is("DELETE /v1/keys/a%2Fb")).isTrue();
    }
  }

  @Test
  void theWordAloneSaysWhatMayFollow() {
    try (var server = new ScriptedServer(_ -> Said.json(200, "{}"))) {
      var run = CommandRun.of(server, "keys");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(server.asked()).isEmpty();
    }
  }
}
