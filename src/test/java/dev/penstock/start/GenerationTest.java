package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.SettingsLoader;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.Backends;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.script.ScriptBackend;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.ChatStream;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Chats and completions over HTTP, whole and in streams, with a model that says what it is told.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class GenerationTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String TEXT = "Water finds its way through every stone ";

  private static final String MODELS =
      """
      models:
        - name: brook
          aliases: [gpt-4o-mini]
          kind: generation
          context_tokens: 100
          backends: [script: {context: 100, resumes: 1}]
        - name: well
          kind: generation
          backends: [script: {context: 100}]
      """;

  private final ScriptBackend script = new ScriptBackend();

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private Node node;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private Api api;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    var abilities =
        new Abilities(
            Abilities.BUILT_IN.types(),
            new Backends(
                Backends.BUILT_IN.kinds(),
                Stream.concat(Backends.BUILT_IN.backends().stream(), Stream.of(script)).toList()));
    node = Node.start(settings(folder, abilities), Node.Ports.AS_THEY_ARE, abilities);
    api = new Api(node.uri(), PenstockProcess.KEY);
  }

  private static Loaded settings(Path folder, Abilities abilities) throws IOException {
    Map<String, String> settings = new HashMap<>();
    settings.put("api.port", "0");
    settings.put("auth.token", PenstockProcess.KEY);
    settings.put("data.dir", folder.resolve("data").toString());
    settings.put("models.file", Files.writeString(folder.resolve("m.yaml"), MODELS).toString());
    settings.put("models.dir", TinyModel.models().toString());
    settings.put("model.trial", "false");
    settings.put("embedding.model", TinyModel.QUICK);
    settings.put("task.retry-base", "50ms");
    return SettingsLoader.load(abilities.settings(), settings, Map.of(), null);
  }

  @AfterAll
  void stop() {
    api.close();
    node.close();
  }

  private static String chat(String more) {
    return chat("brook", more);
  }

  private static String chat(String model, String more) {
    return "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Say it.\"}]%s}"
        .formatted(model, more);
  }

  private ChatStream open(String body, String... headers) throws Exception {
    return ChatStream.post(
        node.uri(), "/v1/chat/completions", body.replaceFirst("\\{", "{\"stream\":true,"), headers);
  }

  private void ends(String id, String state) throws Exception {
    Await.until(
        "it is " + state,
        LIMIT,
        () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals(state));
  }

  @Test
  void aChatIsAnsweredWhole() throws Exception {
    script.says(TEXT);
    var answer = api.post("/v1/chat/completions", chat(""));
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
    JsonNode json = answer.json();
    assertThat(json.path("object").asText()).isEqualTo("chat.completion");
    assertThat(json.path("model").asText()).isEqualTo("brook");
    assertThat(json.path("id").asText())
        .isEqualTo(answer.raw().headers().firstValue("X-Task-Id").orElseThrow());
    assertThat(json.at("/choices/0/message/content").asText()).isEqualTo(TEXT);
    assertThat(json.at("/choices/0/message/role").asText()).isEqualTo("assistant");
    assertThat(json.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(json.at("/usage/completion_tokens").asInt()).isEqualTo(7);
    assertThat(json.at("/usage/total_tokens").asInt())
        .isEqualTo(7 + json.at("/usage/prompt_tokens").asInt());
    assertThat(answer.raw().headers().firstValue("x-backend")).contains("script");
  }

  @Test
  void aStreamTellsTheWordsAsTheyComeAndEndsAsOpenAisDo() throws Exception {
    Semaphore words = script.saysByTheWord(TEXT);
    try (var stream = open(chat(",\"stream_options\":{\"include_usage\":true}"))) {
      words.release(2);
      assertThat(stream.next().at("/choices/0/delta/role").asText()).isEqualTo("assistant");
      assertThat(stream.next().at("/choices/0/delta/content").asText()).isEqualTo("Water ");
      assertThat(stream.next().at("/choices/0/delta/content").asText()).isEqualTo("finds ");
      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.header("X-Task-Id")).isPresent();
      words.release(5);
      List<JsonNode> rest = stream.rest();
      assertThat(stream.text()).isEqualTo(TEXT);
      assertThat(stream.done()).isTrue();
      assertThat(rest.getLast().path("choices")).isEmpty();
      assertThat(rest.getLast().at("/usage/completion_tokens").asInt()).isEqualTo(7);
      JsonNode finish = rest.get(rest.size() - 2);
      assertThat(finish.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
      assertThat(finish.path("object").asText()).isEqualTo("chat.completion.chunk");
    }
  }

  @Test
  void completionsAreTextsWholeAndInAStream() throws Exception {
    script.says(TEXT);
    String body = "{\"model\":\"brook\",\"prompt\":\"Once upon\",\"max_tokens\":3}";
    var answer = api.post("/v1/completions", body);
    assertThat(answer.json().path("object").asText()).isEqualTo("text_completion");
    assertThat(answer.json().at("/choices/0/text").asText()).isEqualTo("Water finds its ");
    assertThat(answer.json().at("/choices/0/finish_reason").asText()).isEqualTo("length");
    assertThat(script.asked.getFirst().prompt()).isEqualTo(new Prompt.Text("Once upon"));
    try (var stream =
        ChatStream.post(
            node.uri(), "/v1/completions", body.replaceFirst("\\{", "{\"stream\":true,"))) {
      stream.rest();
      assertThat(stream.text()).isEqualTo("Water finds its ");
      assertThat(stream.done()).isTrue();
    }
  }

  @Test
  void aClientThatLeavesFreesTheModel() throws Exception {
    Semaphore words = script.saysByTheWord(TEXT);
    String id;
    try (var stream = open(chat(""))) {
      words.release(1);
      stream.next();
      id = stream.header("X-Task-Id").orElseThrow();
      assertThat(script.running).hasValue(1);
    }
    Await.until("the model is free", LIMIT, () -> script.running.get() == 0);
    ends(id, "cancelled");
  }

  @ParameterizedTest
  @CsvSource({
    "',\"store\":true',",
    "',\"wait_seconds\":20',",
    "'',Idempotency-Key",
    "'',Prefer",
  })
  void aTaskThatWasAskedForOutlivesItsClient(String more, String header) throws Exception {
    Semaphore words = script.saysByTheWord(TEXT);
    String value =
        "Prefer".equals(header) ? "respond-async, wait=20" : "leaves-" + System.nanoTime();
    String[] headers = header == null ? new String[0] : new String[] {header, value};
    String id;
    try (var stream = open(chat(more), headers)) {
      words.release(1);
      stream.next();
      id = stream.header("X-Task-Id").orElseThrow();
    }
    words.release(6);
    ends(id, "completed");
    assertThat(
            api.get("/v1/chat/completions/" + id).json().at("/choices/0/message/content").asText())
        .isEqualTo(TEXT);
  }

  @Test
  void anAnswerThatIsCutShortGoesOnWhereItWas() throws Exception {
    var failed = new AtomicBoolean();
    var words = new Semaphore(0);
    script.says(
        TEXT,
        word -> {
          words.acquire();
          if (word == 4 && failed.compareAndSet(false, true)) {
            throw new ModelFailure("brook", new IOException("died"));
          }
        });
    try (var stream = open(chat(""))) {
      words.release(4);
      stream.next();
      stream.next();
      words.release(10);
      stream.rest();
      assertThat(stream.text()).isEqualTo(TEXT);
      assertThat(stream.done()).isTrue();
    }
    assertThat(failed).isTrue();
    assertThat(script.before.get(1).getFirst()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void aModelThatCannotGoOnEndsTheStreamAndItsTaskIsTriedAgain() throws Exception {
    var failed = new AtomicBoolean();
    script.says(
        TEXT,
        word -> {
          if (word == 4 && failed.compareAndSet(false, true)) {
            throw new ModelFailure("well", new IOException("died"));
          }
        });
    String id;
    try (var stream = open(chat("well", ""))) {
      stream.rest();
      id = stream.header("X-Task-Id").orElseThrow();
      assertThat(stream.done()).isFalse();
      assertThat(stream.text()).isEqualTo("Water finds its way ");
      assertThat(stream.error().path("code").asText()).isEqualTo("began_anew");
    }
    ends(id, "completed");
    assertThat(
            api.get("/v1/tasks/" + id + "/result").json().at("/choices/0/message/content").asText())
        .isEqualTo(TEXT);
  }

  @Test
  void aFailureBeforeTheFirstWordHasAStatusAndOneAfterItIsAnEvent() throws Exception {
    script.says(
        TEXT,
        word -> {
          throw new ModelFailure("well", new IOException("no power"));
        });
    try (var stream = open(chat("well", ""))) {
      assertThat(stream.status()).isEqualTo(500);
      assertThat(stream.body().at("/error/code").asText()).isEqualTo("inference_failed");
    }
    script.says(
        TEXT,
        word -> {
          if (word == 2) {
            throw new InvalidInput("this cannot be said");
          }
        });
    try (var stream = open(chat("well", ""))) {
      stream.rest();
      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.done()).isFalse();
      assertThat(stream.error().path("message").asText()).contains("cannot be said");
    }
  }

  @Test
  void aClientThatComesLateIsToldAllAndOneThatWasThereTheRest() throws Exception {
    Semaphore words = script.saysByTheWord(TEXT);
    String id =
        api.post("/v1/chat/completions", chat(",\"wait_seconds\":0")).json().path("id").asText();
    words.release(3);
    String last;
    try (var early = ChatStream.get(node.uri(), "/v1/chat/completions/" + id + "?stream=true")) {
      early.next();
      early.next();
      early.next();
      last = early.lastId();
    }
    String path = "/v1/chat/completions/" + id + "?stream=true";
    try (var rejoined = ChatStream.get(node.uri(), path + "&starting_after=" + last);
        var counted = ChatStream.get(node.uri(), path + "&starting_after=2");
        var headed = ChatStream.get(node.uri(), path, "Last-Event-ID", last);
        var late = ChatStream.get(node.uri(), path)) {
      words.release(4);
      for (ChatStream stream : List.of(rejoined, counted, headed)) {
        stream.rest();
        assertThat(stream.text()).isEqualTo("its way through every stone ");
        assertThat(stream.done()).isTrue();
      }
      late.rest();
      assertThat(late.text()).isEqualTo(TEXT);
    }
    try (var after = ChatStream.get(node.uri(), path)) {
      after.rest();
      assertThat(after.text()).isEqualTo(TEXT);
      assertThat(after.done()).isTrue();
    }
  }

  @Test
  void whatThePiecesCannotTellAnyMoreComesFromTheWholeAnswer() throws Exception {
    String text = "stone ".repeat(20_000); // more pieces than are kept
    Semaphore words = script.saysByTheWord(text);
    String id =
        api.post("/v1/chat/completions", chat(",\"wait_seconds\":0,\"max_tokens\":30000"))
            .json()
            .path("id")
            .asText();
    words.release(20_000);
    ends(id, "completed");
    String path = "/v1/chat/completions/" + id + "?stream=true";
    try (var late = ChatStream.get(node.uri(), path);
        var beyond = ChatStream.get(node.uri(), path + "&starting_after=3")) {
      late.rest();
      assertThat(late.text()).isEqualTo(text);
      assertThat(late.done()).isTrue();
      beyond.rest();
      assertThat(beyond.done()).isFalse();
      assertThat(beyond.text()).isEmpty();
      assertThat(beyond.error().path("code").asText()).isEqualTo("gap");
    }
  }

  @Test
  void severalAnswersComeSideBySide() throws Exception {
    script.says(TEXT);
    JsonNode whole = api.post("/v1/chat/completions", chat(",\"n\":2")).json();
    assertThat(whole.path("choices")).hasSize(2);
    assertThat(whole.at("/choices/1/message/content").asText()).isEqualTo(TEXT);
    assertThat(whole.at("/usage/completion_tokens").asInt()).isEqualTo(14);
    try (var stream = open(chat(",\"n\":2"))) {
      stream.rest();
      assertThat(stream.text(0)).isEqualTo(TEXT);
      assertThat(stream.text(1)).isEqualTo(TEXT);
    }
  }

  @Test
  void chancesAreToldInBothShapes() throws Exception {
    script.says("Yes ");
    JsonNode chat =
        api.post("/v1/chat/completions", chat(",\"logprobs\":true,\"top_logprobs\":2")).json();
    assertThat(chat.at("/choices/0/logprobs/content/0/token").asText()).isEqualTo("Yes ");
    assertThat(script.asked.getFirst().topLogprobs()).isEqualTo(2);
    JsonNode text =
        api.post("/v1/completions", "{\"model\":\"brook\",\"prompt\":\"a\",\"logprobs\":1}").json();
    assertThat(text.at("/choices/0/logprobs/tokens/0").asText()).isEqualTo("Yes ");
    assertThat(text.at("/choices/0/logprobs/text_offset/0").asInt()).isZero();
  }

  @Test
  void whatAModelSaysToItselfIsApartFromTheAnswer() throws Exception {
    script.says("(Hm. Yes ");
    JsonNode message = api.post("/v1/chat/completions", chat("")).json().at("/choices/0/message");
    assertThat(message.path("reasoning_content").asText()).isEqualTo("(Hm. ");
    assertThat(message.path("content").asText()).isEqualTo("Yes ");
    try (var stream = open(chat(""))) {
      stream.next();
      assertThat(stream.next().at("/choices/0/delta/reasoning_content").asText())
          .isEqualTo("(Hm. ");
    }
    JsonNode text = api.post("/v1/completions", "{\"model\":\"brook\",\"prompt\":\"a\"}").json();
    assertThat(text.at("/choices/0/text").asText()).isEqualTo("Yes ");
    try (var stream =
        ChatStream.post(
            node.uri(),
            "/v1/completions",
            "{\"model\":\"brook\",\"prompt\":\"a\",\"stream\":true}")) {
      stream.rest();
      assertThat(stream.text()).isEqualTo("Yes ");
      assertThat(stream.done()).isTrue();
    }
  }

  @Test
  void callsOfToolsComeWholeAndInAStream() throws Exception {
    String tools =
        ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"parameters\":{}}}]"
            + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}";
    JsonNode choice = api.post("/v1/chat/completions", chat(tools)).json().at("/choices/0");
    assertThat(choice.path("finish_reason").asText()).isEqualTo("tool_calls");
    assertThat(choice.at("/message/content").isNull()).isTrue();
    assertThat(choice.at("/message/tool_calls/0/function/arguments").asText())
        .isEqualTo("{\"city\":\"Paris\"}");
    try (var stream = open(chat(tools))) {
      stream.next();
      JsonNode delta = stream.next().at("/choices/0/delta");
      assertThat(delta.at("/tool_calls/0/function/name").asText()).isEqualTo("weather");
      assertThat(delta.has("content")).isFalse();
      stream.rest();
      assertThat(stream.done()).isTrue();
    }
  }

  @Test
  void aModelIsGivenWhatTheBodySays() throws Exception {
    script.says(TEXT);
    api.post(
        "/v1/chat/completions",
        chat(
            "gpt-4o-mini",
            ",\"temperature\":0.5,\"top_p\":0.9,\"top_k\":-1,\"min_p\":0.1,\"seed\":-7,"
                + "\"presence_penalty\":1,\"frequency_penalty\":-1,\"stop\":[\"a\",\"b\"],"
                + "\"logit_bias\":{\"5\":-100},\"max_completion_tokens\":5,\"user\":{\"a\":1},"
                + "\"response_format\":{\"type\":\"json_object\"},\"prompt_cache_key\":\"k\","
                + "\"api_key\":\"never\",\"modalities\":[\"text\"],\"metadata\":{\"who\":\"me\"}"));
    var asked = script.asked.getFirst();
    assertThat(asked.sampling().temperature()).isEqualTo(0.5);
    assertThat(asked.sampling().topK()).isZero();
    assertThat(asked.sampling().seed()).isEqualTo(-7);
    assertThat(asked.sampling().bias()).containsExactly(Map.entry(5, -100.0));
    assertThat(asked.stops()).containsExactly("a", "b");
    assertThat(asked.mostTokens()).isEqualTo(5);
    assertThat(asked.format()).isEqualTo(new Format.JsonObject());
    assertThat(asked.passed()).isEmpty();
  }

  @Test
  void aTaskThatIsTriedAgainDrawsAsItDidBefore() throws Exception {
    var failed = new AtomicBoolean();
    script.says(
        TEXT,
        word -> {
          if (failed.compareAndSet(false, true)) {
            throw new ModelFailure("well", new IOException("died"));
          }
        });
    api.post("/v1/chat/completions", chat("well", ""));
    api.post("/v1/chat/completions", chat("well", ""));
    var seeds = script.asked.stream().map(asked -> asked.sampling().seed()).toList();
    assertThat(seeds).hasSize(3);
    assertThat(seeds.get(1)).isEqualTo(seeds.get(0)).isNotEqualTo(seeds.get(2));
  }

  @Test
  void aTaskTakesBodiesOfBothRoutesAndWhatSomebodySays() throws Exception {
    script.says(TEXT);
    String task = "{\"type\":\"generation\",\"model\":\"brook\",\"wait_seconds\":20,\"input\":%s}";
    for (String input :
        List.of(
            "\"Say it.\"",
            "{\"prompt\":\"Say it.\",\"metadata\":{\"job\":7}}",
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Say it.\"}]}]}")) {
      var answer = api.post("/v1/tasks", task.formatted(input));
      assertThat(answer.json().at("/result/choices/0/message/content").asText())
          .as(answer.raw().body())
          .isEqualTo(TEXT);
      var prompt = (Prompt.Chat) script.asked.getLast().prompt();
      assertThat(prompt.messages().toString())
          .isEqualTo("[{\"role\":\"user\",\"content\":\"Say it.\"}]");
    }
    var text = api.post("/v1/tasks", task.formatted("{\"prompt\":\"Once\",\"max_tokens\":1}"));
    assertThat(text.json().at("/result/choices/0/text").asText()).isEqualTo("Water ");
    assertThat(script.asked.getLast().prompt()).isEqualTo(new Prompt.Text("Once"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"messages":[]} | messages
          {"messages":[{"role":"user"}]} | messages[0].content
          {"messages":[{"role":"king","content":"a"}]} | messages[0].role
          {"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]} | messages[0].content[0].type
          {"messages":[{"role":"tool","content":"a"}]} | messages[0].tool_call_id
          {"messages":[{"role":"user","content":"a"}],"temperature":3} | temperature
          {"messages":[{"role":"user","content":"a"}],"n":0} | n
          {"messages":[{"role":"user","content":"a"}],"seed":1.5} | seed
          {"messages":[{"role":"user","content":"a"}],"stop":[""]} | stop
          {"messages":[{"role":"user","content":"a"}],"top_logprobs":3} | top_logprobs
          {"messages":[{"role":"user","content":"a"}],"logit_bias":{"x":1}} | logit_bias.x
          {"messages":[{"role":"user","content":"a"}],"tools":[{"type":"web"}]} | tools[0].type
          {"messages":[{"role":"user","content":"a"}],"tool_choice":"required"} | tool_choice
          {"messages":[{"role":"user","content":"a"}],"response_format":{"type":"xml"}} | response_format.type
          {"messages":[{"role":"user","content":"a"}],"stream":1} | stream
          {"messages":[{"role":"user","content":"a"}],"temprature":1} | temprature
          {"prompt":"a"} | messages
          """)
  void whatIsWrongIsNamedAsOpenAiDoes(String body, String param) throws Exception {
    script.says(TEXT);
    var refused =
        api.post("/v1/chat/completions", body.replaceFirst("\\{", "{\"model\":\"brook\","));
    assertThat(refused.status()).as(refused.raw().body()).isEqualTo(400);
    JsonNode error = refused.json().path("error");
    assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error.path("param").asText()).isEqualTo(param);
  }

  @Test
  void aPromptThatDoesNotFitIsRefusedWithBothFigures() throws Exception {
    script.says(TEXT);
    String body = chat("").replace("Say it.", "word ".repeat(101).strip());
    var refused = api.post("/v1/chat/completions", body);
    assertThat(refused.status()).isEqualTo(400);
    JsonNode error = refused.json().path("error");
    assertThat(error.path("code").asText()).isEqualTo("context_length_exceeded");
    assertThat(error.path("param").asText()).isEqualTo("messages");
    assertThat(error.path("message").asText()).contains("101", "100");
    try (var stream = open(body)) {
      assertThat(stream.status()).isEqualTo(400);
    }
  }

  @Test
  void modelsThatAreNotThereOrOfAnotherKindAre404() throws Exception {
    for (String model : List.of("none", TinyModel.QUICK)) {
      var refused = api.post("/v1/chat/completions", chat(model, ""));
      assertThat(refused.status()).isEqualTo(404);
      assertThat(refused.json().at("/error/code").asText()).isEqualTo("model_not_found");
    }
    assertThat(api.post("/v1/responses", "{}").status()).isEqualTo(404);
    assertThat(api.post("/v1/responses", "{}").json().at("/error/message").asText())
        .contains("/v1/chat/completions");
  }

  @Test
  void aRequestSentAgainWithItsKeyMeansTheSameAnswer() throws Exception {
    script.says(TEXT);
    var first = api.post("/v1/chat/completions", chat(""), "Idempotency-Key", "twice");
    var second = api.post("/v1/chat/completions", chat(""), "Idempotency-Key", "twice");
    assertThat(second.json()).isEqualTo(first.json());
    assertThat(second.raw().headers().firstValue("Idempotent-Replayed")).contains("true");
    assertThat(script.asked).hasSize(1);
    try (var stream = open(chat(""), "Idempotency-Key", "twice")) {
      stream.rest();
      assertThat(stream.text()).isEqualTo(TEXT);
    }
    assertThat(
            api.post("/v1/chat/completions", chat(",\"n\":2"), "Idempotency-Key", "twice").status())
        .isEqualTo(409);
  }

  @Test
  void aRequestThatDoesNotWaitGetsAnId() throws Exception {
    Semaphore words = script.saysByTheWord(TEXT);
    var taken = api.post("/v1/chat/completions", chat(""), "Prefer", "respond-async");
    assertThat(taken.status()).isEqualTo(202);
    String id = taken.json().path("id").asText();
    assertThat(api.get("/v1/chat/completions/" + id).status()).isEqualTo(409);
    words.release(7);
    ends(id, "completed");
    assertThat(api.get("/v1/chat/completions/" + id).status()).isEqualTo(200);
  }

  @Test
  void anAnswerIsErasedWhileItIsMadeAndAfter() throws Exception {
    Semaphore words = script.saysByTheWord(TEXT);
    String id =
        api.post("/v1/chat/completions", chat(",\"wait_seconds\":0")).json().path("id").asText();
    words.release(1);
    Await.until("it runs", LIMIT, () -> script.running.get() == 1);
    var deleted = api.delete("/v1/chat/completions/" + id);
    assertThat(deleted.status()).as(deleted.raw().body()).isEqualTo(200);
    assertThat(deleted.json().path("deleted").asBoolean()).isTrue();
    assertThat(api.get("/v1/tasks/" + id).status()).isEqualTo(404);
    Await.until("the model is free", LIMIT, () -> script.running.get() == 0);
  }

  @Test
  void anAnswerThatIsNotToBeStoredIsGoneOnceItWasTold() throws Exception {
    script.says(TEXT);
    String id =
        api.post("/v1/chat/completions", chat(",\"store\":false")).json().path("id").asText();
    assertThat(api.get("/v1/tasks/" + id).status()).isEqualTo(404);
    Optional<String> streamed;
    try (var stream = open(chat(",\"store\":false"))) {
      stream.rest();
      streamed = stream.header("X-Task-Id");
    }
    Await.until(
        "it is gone", LIMIT, () -> api.get("/v1/tasks/" + streamed.orElseThrow()).status() == 404);
  }

  @Test
  void aTaskOfAnotherTypeIsNoCompletion() throws Exception {
    String ping = api.post("/v1/tasks", "{\"type\":\"ping\"}").json().path("id").asText();
    assertThat(api.get("/v1/chat/completions/" + ping).status()).isEqualTo(404);
    assertThat(api.delete("/v1/chat/completions/" + ping).status()).isEqualTo(404);
  }
}
