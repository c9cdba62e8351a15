package dev.penstock.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.config.BadSettings;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Sampling;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.engine.ServedModels.Listener;
import dev.penstock.engine.http.ScriptedServer;
import dev.penstock.task.TaskError;
import dev.penstock.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OpenAiServerTest {
  private static final String HELLO =
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}";
  private static final String STOP =
      "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}";
  private static final String USAGE =
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":4},"
          + "\"completion_tokens_details\":{\"reasoning_tokens\":2}}}";
  private static final String DONE = "[DONE]";

  private final ScriptedServer server = new ScriptedServer();
  private final Listener listener = new Listener();

  @TempDir Path dir;

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void everyByteOfAChatIsAsItIsMeant() throws Exception {
    Path key = Files.writeString(dir.resolve("key"), "sk-secret\n");
    server.thenEvents(HELLO, STOP, USAGE, DONE);
    Generator model =
        open("key_file: " + key + ", model: org/big, headers: {x-team: blue}, pass: [extra]");
    var request =
        new GenerationRequest(
            new Prompt.Chat(
                ServedModels.list(ServedModels.QUESTION),
                new Tools(
                    ServedModels.list("[{\"type\":\"function\",\"function\":{\"name\":\"now\"}}]"),
                    Tools.Choice.NAMED,
                    "now",
                    false)),
            2,
            20,
            new Sampling(0.5, 0.9, 40, 0.05, 0.1, 0.2, Map.of(3, -1.0), 7),
            List.of("\n"),
            new Format.JsonSchema("s", ServedModels.object().put("type", "object"), true),
            2,
            ServedModels.object().put("extra", true));

    var _ = catchThrowableOfType(ModelFailure.class, () -> model.generate(request, listener));

    String body =
        "{\"model\":\"org/big\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],"
            + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"now\"}}],"
            + "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"now\"}},"
            + "\"parallel_tool_calls\":false,\"logprobs\":true,\"top_logprobs\":2,\"n\":2,"
            + "\"max_tokens\":20,\"temperature\":0.5,\"top_p\":0.9,\"top_k\":40,\"min_p\":0.05,"
            + "\"presence_penalty\":0.1,\"frequency_penalty\":0.2,\"logit_bias\":{\"3\":-1.0},"
            + "\"seed\":7,\"stop\":[\"\\n\"],\"response_format\":{\"type\":\"json_schema\","
            + "\"json_schema\":{\"name\":\"s\",\"strict\":true,\"schema\":{\"type\":\"object\"}}},"
            + "\"extra\":true}";
    String host = server.url().substring("http://".length());
    assertThat(server.requests.getFirst().lines())
        .containsExactlyInAnyOrder(
            "POST /v1/chat/completions HTTP/1.1",
            "Content-Length: " + body.length(),
            "Host: " + host,
            "User-Agent: penstock",
            "Accept: text/event-stream",
            "Authorization: Bearer sk-secret",
            "Content-Type: application/json",
            "x-team: blue",
            "",
            body);
  }

  @Test
  void aChatIsToldByThePieceAndCounted() throws Exception {
    server.thenEvents(
        "{\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Hm\"}}]}",
        "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"logprobs\":{\"content\":["
            + "{\"token\":\"Hello\",\"logprob\":-0.5,\"top_logprobs\":[]}]}}]}",
        STOP,
        USAGE,
        DONE);

    GenerationEnd end = open("concurrency: 2").generate(ServedModels.chat(), listener);

    assertThat(listener.content()).isEqualTo("Hello");
    assertThat(listener.reasoning()).isEqualTo("Hm");
    assertThat(listener.pieces.getLast().logprobs())
        .hasToString(
            "[{\"token\":\"Hello\",\"logprob\":-0.5,\"bytes\":[72,101,108,108,111],"
                + "\"top_logprobs\":[]}]");
    assertThat(end)
        .isEqualTo(new GenerationEnd(List.of(GenerationEnd.Reason.STOP), 9, 4, 5, 2, "openai"));
  }

  @Test
  void aTextIsGoneOnWithAndItsChancesComeInColumns() throws Exception {
    server.thenEvents(
        "{\"choices\":[{\"index\":0,\"text\":\" there\",\"logprobs\":{\"tokens\":[\" there\"],"
            + "\"token_logprobs\":[-1.0],\"top_logprobs\":[{\" all\":-2.0}]}}]}",
        "{\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"length\"}]}",
        DONE);

    GenerationEnd end =
        open("weight: 2").generate(ServedModels.request(new Prompt.Text("Hello")), listener);

    assertThat(server.requests.getFirst()).startsWith("POST /v1/completions HTTP/1.1");
    assertThat(server.body())
        .isEqualTo(
            "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                + "\"prompt\":\"Hello\",\"max_tokens\":50,\"seed\":7}");
    assertThat(listener.content()).isEqualTo(" there");
    assertThat(String.valueOf(listener.pieces.getFirst().logprobs())).contains("\" all\"");
    assertThat(end.reasons()).containsExactly(GenerationEnd.Reason.LENGTH);
    assertThat(end.answerTokens()).as("nobody counted").isEqualTo(1);
  }

  @Test
  void callsComeInPartsAndMayLackTheirNumbers() throws Exception {
    server.thenEvents(
        call("\"id\":\"a\",\"function\":{\"name\":\"one\",\"arguments\":\"\"}"),
        call("\"function\":{\"arguments\":\"{}\"}"),
        call("\"id\":\"b\",\"function\":{\"name\":\"two\",\"arguments\":\"{}\"}"),
        STOP,
        DONE);

    GenerationEnd end = open("weight: 1").generate(ServedModels.chat(), listener);

    assertThat(listener.calls())
        .isEqualTo(
            "[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"one\","
                + "\"arguments\":\"\"}}]"
                + "[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]"
                + "[{\"index\":1,\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"two\","
                + "\"arguments\":\"{}\"}}]");
    assertThat(end.reasons()).containsExactly(GenerationEnd.Reason.TOOL_CALLS);
  }

  private static String call(String members) {
    return "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{" + members + "}]}}]}";
  }

  @Test
  void aCharacterMayBeCutByTheNetworkAndAPairByTheServer() throws Exception {
    byte[] event =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é€😀\"}}]}\r\n\r\n"
            .getBytes(UTF_8);
    server.then(reply -> {
      reply.stream();
      reply.part(": a comment\r\n\r\nevent: x\r\n");
      for (byte each : event) {
        reply.part(new byte[] {each});
      }
      reply.part("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\ud83d\"}}]}\n\n");
      reply.part(
          "data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"\\ude00\"}}]}\r\r");
      reply.part("data:" + STOP + "\n\ndata:[DONE]");
      reply.end();
    });

    open("weight: 1").generate(ServedModels.chat(), listener);

    assertThat(listener.content()).isEqualTo("é€😀😀");
    assertThat(listener.pieces)
        .allSatisfy(piece ->
            assertThat(new String(piece.content().getBytes(UTF_8), UTF_8))
                .isEqualTo(piece.content()));
  }

  @Test
  void anEndWithoutDoneIsOneAndDoneWithoutAReasonToo() throws Exception {
    server.thenEvents(HELLO, STOP).thenEvents(HELLO, DONE);
    Generator model = open("weight: 1");

    assertThat(model.generate(ServedModels.chat(), listener).reasons())
        .isEqualTo(model.generate(ServedModels.chat(), listener).reasons());
  }

  @Test
  void aStreamThatEndsAmidAnAnswerIsAFailure() throws Exception {
    server.thenEvents(HELLO);

    assertThat(failure("weight: 1")).isEqualTo("model m: its stream ended before the answer did");
    assertThat(listener.content()).isEqualTo("Hello");
  }

  @Test
  void aServerThatDiesAmidAnAnswerIsAFailure() throws Exception {
    server.then(reply -> {
      reply.stream();
      reply.part("data: " + HELLO + "\n\n");
      reply.cut();
    });

    assertThat(failure("weight: 1"))
        .isEqualTo("model m: the connection was lost before the answer's end");
  }

  @Test
  void aServerThatFallsSilentAmidAnAnswerIsLeft() throws Exception {
    server.then(reply -> {
      reply.stream();
      reply.part("data: " + HELLO + "\n\n");
      reply.hang();
    });

    assertThat(failure("idle_seconds: 1")).isEqualTo("model m: it said nothing for 1 s");
    assertThat(server.left.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anErrorAmidAnAnswerIsToldCleanly() throws Exception {
    server.thenEvents(HELLO, "{\"error\":{\"message\":\"GPU\\n\\u001b[31m lost\",\"code\":500}}");

    assertThat(failure("weight: 1"))
        .isEqualTo("model m: it broke off with an error: GPU\\n\\u001b[31m lost");
  }

  @Test
  void aLineWithoutEndIsNotReadToItsEnd() throws Exception {
    byte[] part = new byte[1 << 16];
    Arrays.fill(part, (byte) 'a');
    server.then(reply -> {
      reply.stream();
      reply.part("data: ");
      for (int i = 0; i < 80; i++) {
        reply.part(part);
      }
      reply.hang();
    });

    assertThat(failure("weight: 1")).contains("a line of more than 1048576 bytes");
    assertThat(server.left.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    server.thenStatus(307, "Location: " + server.url() + "/elsewhere", "");

    assertThat(failure("weight: 1"))
        .isEqualTo("model m: it answers 307, a redirect, which is not followed");
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void aKeyThatIsNotTakenIsToldNowhere() throws Exception {
    Path key = Files.writeString(dir.resolve("key"), "sk-secret");
    server.thenStatus(401, "", "{\"error\":{\"message\":\"wrong key: sk-secret\"}}");

    assertThat(failure("key_file: " + key))
        .isEqualTo("model m: it answers 401: its key is not taken");
  }

  @Test
  void aKeyIsLeftOutOfWhatTheServerSays() throws Exception {
    Path key = Files.writeString(dir.resolve("key"), "sk-secret");
    server
        .thenStatus(500, "", "{\"error\":{\"message\":\"I lost sk-secret\"}}")
        .thenEvents(HELLO, "{\"error\":\"I lost sk-secret\"}");
    Generator model = open("key_file: " + key);

    assertThat(refusal(model).reason()).isEqualTo("model m: it answers 500: I lost …");
    assertThat(refusal(model).reason()).isEqualTo("model m: it broke off with an error: I lost …");
  }

  @Test
  void aMissingKeySendsNothing() throws Exception {
    assertThat(failure("key_env: NOBODY_HAS_SET_THIS")).contains("its key is not there");
    assertThat(server.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 413, 422})
  void whatTheServerRefusesIsTheInputsFault(int status) throws Exception {
    server.thenStatus(status, "", "{\"error\":{\"message\":\"no such thing\"}}");
    Generator model = open("weight: 1");

    assertThatThrownBy(() -> model.generate(ServedModels.chat(), listener))
        .isInstanceOfSatisfying(
            InvalidInput.class, e -> assertThat(e.message()).isEqualTo("no such thing"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"error\":{\"message\":\"9 tokens, 5 fit\",\"code\":\"context_length_exceeded\"}}",
        "{\"error\":{\"message\":\"9 tokens, 5 fit\",\"code\":400,\"type\":\"exceed_context_size_error\"}}",
        "{\"object\":\"error\",\"message\":\"maximum context length is 5\",\"code\":400}"
      })
  void aPromptThatDoesNotFitIsToldAsOne(String body) throws Exception {
    server.thenStatus(400, "", body);
    Generator model = open("weight: 1");

    assertThatThrownBy(() -> model.generate(ServedModels.chat(), listener))
        .isInstanceOfSatisfying(
            InvalidInput.class,
            e -> assertThat(e.error().code()).isEqualTo(TaskError.Code.CONTEXT_LENGTH_EXCEEDED));
  }

  @Test
  void aServerThatAsksForAPauseGetsItWithoutAnotherRequest() throws Exception {
    server.thenStatus(429, "Retry-After: 7", "{}");
    Generator model = open("weight: 1");

    ModelFailure first = refusal(model);
    ModelFailure second = refusal(model);

    assertThat(first.notYet()).isTrue();
    assertThat(first.pause()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(7));
    assertThat(second.notYet()).isTrue();
    assertThat(server.requests).hasSize(1);
    assertThat(model.status().message()).isEqualTo("openai: it answers 429");
  }

  @Test
  void aPauseMayBeGivenAsADateAndIsAMinuteAtMost() throws Exception {
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusDays(2));
    server.thenStatus(503, "Retry-After: " + date, "busy");

    ModelFailure failure = refusal(open("weight: 1"));

    assertThat(failure.pause()).isBetween(Duration.ofSeconds(30), Duration.ofMinutes(1));
  }

  @Test
  void whoIsInterruptedLeavesTheServerAtOnce() throws Exception {
    server.then(reply -> {
      reply.stream();
      reply.part("data: " + HELLO + "\n\n");
      reply.hang();
    });
    Generator model = open("weight: 1");
    Thread asking =
        Thread.ofVirtual()
            .start(() -> {
              try {
                model.generate(ServedModels.chat(), listener);
              } catch (Exception e) {
                // It is interrupted.
              }
            });
    Await.until(
        "the first word is there", Duration.ofSeconds(20), () -> !listener.pieces.isEmpty());

    asking.interrupt();

    assertThat(server.left.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
    asking.join();
  }

  @Test
  void aMemberThatNobodyKnowsIsRefusedUnlessItsEntryPassesItOn() throws Exception {
    Generator model = open("pass: [other]");
    var request =
        new GenerationRequest(
            new Prompt.Text("a"),
            1,
            null,
            ServedModels.SAMPLING,
            List.of(),
            new Format.Text(),
            null,
            ServedModels.object().put("guided", 1));

    assertThatThrownBy(() -> model.generate(request, listener))
        .isInstanceOfSatisfying(InvalidInput.class, e -> assertThat(e.param()).isEqualTo("guided"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pass: [api_key]",
        "pass: [api_base]",
        "headers: {Authorization: Bearer sk-secret}",
        "headers: {Host: elsewhere}",
        "key_file: a, key_env: B",
        "order: -1",
        "may_leave: maybe",
        "keep_alive: 5m",
        "unknown: 1"
      })
  void anEntryThatIsWrongStopsTheStartAndTellsNoSecret(String wrong) {
    assertThatThrownBy(() -> open(wrong))
        .isInstanceOf(BadSettings.class)
        .hasMessageContaining(wrong.substring(0, wrong.indexOf(':')))
        .hasMessageNotContaining("sk-secret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://a", "http://u:p@a", "http://a?b=c", "http://"})
  void anAddressIsAPlainOne(String url) {
    assertThatThrownBy(() -> ServedModels.open(dir, "openai: {url: '" + url + "'}"))
        .isInstanceOf(BadSettings.class);
  }

  private Generator open(String keys) throws Exception {
    return ServedModels.open(dir, "openai: {url: " + server.url() + "/v1, " + keys + "}");
  }

  private String failure(String keys) throws Exception {
    return refusal(open(keys)).reason();
  }

  private ModelFailure refusal(Generator model) throws Exception {
    GenerationRequest chat = ServedModels.chat();
    return catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));
  }
}
