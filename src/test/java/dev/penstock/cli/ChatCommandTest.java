package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.cli.ScriptedServer.Asked;
import dev.penstock.cli.ScriptedServer.Said;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class ChatCommandTest {
  private static final String CHAT = "POST /v1/chat/completions";

  static final String MODELS =
      """
      {"object":"list","data":[
      {"id":"all-minilm-l6-v2","kind":"embedding","aliases":["text-embedding-3-small"]},
      {"id":"small-talk","kind":"generation","aliases":["gpt-4o"]}]}\
      """;

  /** A chunk of an answer, with the members of its delta. */
  static String chunk(int id, String delta) {
    return "id: %d\ndata: {\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":null}]}\n\n"
        .formatted(id, delta);
  }

  private static String end(String reason) {
    return """
    data: {"choices":[{"index":0,"delta":{},"finish_reason":"%s"}]}

    data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}

    data: [DONE]

    """
        .formatted(reason);
  }

  static String answer(String... words) {
    var all = new StringBuilder(chunk(0, "\"role\":\"assistant\",\"content\":\"\""));
    for (int i = 0; i < words.length; i++) {
      all.append(chunk(i + 1, "\"content\":\"" + words[i] + "\""));
    }
    return all + end("stop");
  }

  private static ScriptedServer answering(Said... answers) {
    var next = new AtomicInteger();
    return new ScriptedServer(asked ->
        asked.is("GET /v1/models")
            ? Said.json(200, MODELS)
            : answers[Math.min(next.getAndIncrement(), answers.length - 1)]);
  }

  private static List<JsonNode> bodies(ScriptedServer server) {
    return server.asked().stream().filter(asked -> asked.is(CHAT)).map(Asked::json).toList();
  }

  private static List<String> said(JsonNode body) {
    List<String> all = new ArrayList<>();
    body.path("messages")
        .forEach(
            each -> all.add(each.path("role").asText() + ": " + each.path("content").asText()));
    return all;
  }

  @Test
  void eachLineIsAMessageAndTheModelHearsWhatWasSaidBefore() {
    try (var server = answering(Said.events(answer("Hel", "lo!")), Said.events(answer("Bye.")))) {
      var run = CommandRun.piped("Good morning\n\nGood night\n", server, "chat");
      assertThat(run.err()).isEmpty();
      assertThat(run.lines()).containsExactly("Hello!", "Bye.");
      assertThat(bodies(server)).hasSize(2);
      assertThat(bodies(server).getFirst().path("model").asText()).isEqualTo("small-talk");
      assertThat(bodies(server).getFirst().path("stream").asBoolean()).isTrue();
      assertThat(said(bodies(server).get(1)))
          .containsExactly("user: Good morning", "assistant: Hello!", "user: Good night");
    }
  }

  @Test
  void whatTheModelIsToldToBeGoesFirstAndStaysWhenTheRestIsForgotten() {
    try (var server = answering(Said.events(answer("Arr.")))) {
      CommandRun.piped(
          "one\n/clear\ntwo\n/system You are a cook.\nthree\n/system\nfour\n",
          server,
          "chat",
          "gpt-4o",
          "--system",
          "You are a pirate.",
          "--temperature=0",
          "--max-tokens=9",
          "--seed=7");
      List<JsonNode> bodies = bodies(server);
      assertThat(said(bodies.get(1))).containsExactly("system: You are a pirate.", "user: two");
      assertThat(said(bodies.get(2)).getFirst()).isEqualTo("system: You are a cook.");
      assertThat(said(bodies.get(3)).getFirst()).isEqualTo("user: two");
      assertThat(bodies.get(0).path("temperature").asDouble()).isZero();
      assertThat(bodies.get(0).path("max_tokens").asInt()).isEqualTo(9);
      assertThat(bodies.get(0).path("seed").asInt()).isEqualTo(7);
      assertThat(bodies.get(0).path("model").asText()).isEqualTo("gpt-4o");
    }
  }

  @Test
  void aMessageOfSeveralLinesStandsBetweenQuotes() {
    try (var server = answering(Said.events(answer("Yes.")))) {
      CommandRun.piped("\"\"\"first\n/bye\nlast\"\"\"\n/bye\nnever\n", server, "chat");
      assertThat(bodies(server)).hasSize(1);
      assertThat(said(bodies(server).getFirst())).containsExactly("user: first\n/bye\nlast");
    }
  }

  @Test
  void anAnswerWhoseConnectionBreaksGoesOnWhereItWas() {
    try (var server =
        new ScriptedServer(asked -> {
          if (asked.is("GET /v1/models")) {
            return Said.json(200, MODELS);
          }
          if (asked.is(CHAT)) {
            return new Said(
                200,
                chunk(1, "\"content\":\"Once \"") + chunk(2, "\"content\":\"upon \"") + "id: 3\nda",
                Map.of("Content-Type", "text/event-stream", "X-Task-Id", "t1"));
          }
          assertThat(asked.path()).isEqualTo("/v1/chat/completions/t1?stream=true");
          assertThat(asked.header("Last-event-id")).isEqualTo("2");
          return Said.events(chunk(3, "\"content\":\"a time.\"") + end("stop"));
        })) {
      var run = CommandRun.piped("Tell\n", server, "chat");
      assertThat(run.lines()).containsExactly("Once upon a time.");
      assertThat(run.code()).isZero();
    }
  }

  @Test
  void anAnswerThatNobodyKeepsBreaksOffWithAnError() {
    try (var server = answering(Said.events(chunk(1, "\"content\":\"Once \"")))) {
      var run = CommandRun.piped("Tell\n", server, "chat");
      assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(run.err()).contains("broke off");
    }
  }

  @Test
  void whatFailsOnTheWayIsSaidAndIsNoAnswer() {
    String error = "data: {\"error\":{\"message\":\"the model \\u001b[2J died\"}}\n\n";
    try (var server = answering(Said.events(chunk(1, "\"content\":\"On\"") + error))) {
      var run = CommandRun.piped("Tell\n", server, "chat");
      assertThat(run.code()).isEqualTo(ExitCode.TASK_FAILED);
      assertThat(run.err()).contains("died").doesNotContain("\u001b");
    }
  }

  @Test
  void aServerThatIsFullIsAskedAgain() {
    try (var server = answering(Said.full(), Said.events(answer("Here.")))) {
      var run = CommandRun.piped("Tell\n", server, "chat");
      assertThat(run.lines()).containsExactly("Here.");
    }
  }

  @Test
  void onATerminalThoughtsAreDimAndNothingMovesTheCursor() {
    String thoughts = chunk(1, "\"reasoning_content\":\"Hm\\u001b[2J\"");
    try (var server =
        answering(
            Said.events(thoughts + chunk(2, "\"content\":\"A\\nb\\u009b2J\"") + end("stop")))) {
      var run = CommandRun.watched(server, "run", "small-talk", "Why?");
      assertThat(run.out()).contains("\u001b[2mHm\\u001b[2J\u001b[0m\n\nA\nb\\u009b2J\n");
    }
    try (var server = answering(Said.events(thoughts + answer("So.")))) {
      assertThat(CommandRun.piped("Why?\n", server, "chat").out()).isEqualTo("So.\n");
    }
  }

  @Test
  void aConversationIsSavedAndGoesOnLater(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("talk.json");
    try (var server = answering(Said.events(answer("One.")))) {
      CommandRun.piped("Count\n/save " + file + "\n", server, "chat");
      var run = CommandRun.piped("Go on\n", server, "chat", "--load", file.toString());
      assertThat(run.err()).isEmpty();
      assertThat(said(bodies(server).get(1)))
          .containsExactly("user: Count", "assistant: One.", "user: Go on");
    }
    assertThat(folder.toFile().list()).containsExactly("talk.json");
    Files.writeString(file, "[]");
    try (var server = answering(Said.nothing())) {
      var run = CommandRun.piped("", server, "chat", "--load", file.toString());
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).contains("no saved conversation");
    }
  }

  @Test
  void theLastMessageMayBeAnsweredAnewAndTheModelChanged() {
    try (var server = answering(Said.events(answer("One.")), Said.events(answer("Two.")))) {
      var run = CommandRun.piped("Say\n/again\n/model gpt-4o\n/models\n", server, "chat");
      assertThat(run.lines()).containsExactly("One.", "Two.", "gpt-4o", "small-talk");
      assertThat(said(bodies(server).get(1))).containsExactly("user: Say");
    }
    try (var server = answering()) {
      assertThat(CommandRun.piped("/model all-minilm-l6-v2\n", server, "chat").err())
          .contains("no model that makes texts is called 'all-minilm-l6-v2'");
      assertThat(CommandRun.piped("/nothing\n", server, "chat").err()).contains("no command");
      assertThat(CommandRun.piped("/again\n", server, "chat").err()).contains("nothing was asked");
      assertThat(CommandRun.piped("/help\n", server, "chat").out()).contains("/save FILE");
    }
  }

  @Test
  void withoutAModelThatMakesTextsItSaysHowToGetOne() {
    try (var server =
        new ScriptedServer(_ -> Said.json(200, MODELS.replace("generation", "embedding")))) {
      var run = CommandRun.piped("Hello\n", server, "chat");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).contains("penstock pull");
    }
  }

  @Test
  void runAsksOnceAndReadsWhatIsPiped() {
    try (var server = answering(Said.events(answer("Short.")))) {
      var run =
          CommandRun.piped("a long text\n", server, "run", "small-talk", "Sum", "up:", "--verbose");
      assertThat(run.out()).isEqualTo("Short.\n");
      assertThat(run.err()).contains("5 tokens read, 7 made");
      assertThat(said(bodies(server).getFirst())).containsExactly("user: Sum up:\n\na long text\n");
      assertThat(CommandRun.piped("", server, "run", "small-talk").code())
          .isEqualTo(ExitCode.REFUSED);
    }
  }

  @Test
  void aRequestThatIsRefusedIsSaidInTheServersWords() {
    try (var server =
        answering(Said.error(400, "invalid_request_error", "the prompt has 9 tokens, 8 fit"))) {
      var run = CommandRun.piped("", server, "run", "small-talk", "Hi");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).contains("the prompt has 9 tokens, 8 fit");
    }
  }

  @Test
  void theModelsAreATableOrJsonLines() {
    try (var server = answering()) {
      assertThat(CommandRun.of(server, "models").out())
          .contains("MODEL")
          .containsPattern("small-talk +generation +gpt-4o");
      assertThat(CommandRun.of(server, "models", "--json").lines()).hasSize(2);
    }
  }
}
