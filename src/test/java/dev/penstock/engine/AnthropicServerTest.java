package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.core.InvalidInput;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.engine.ServedModels.Listener;
import dev.penstock.engine.http.ScriptedServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AnthropicServerTest {
  private static final String START =
      "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5,"
          + "\"cache_read_input_tokens\":3,\"cache_creation_input_tokens\":1,\"output_tokens\":1}}}";

  private final ScriptedServer server = new ScriptedServer();
  private final Listener listener = new Listener();

  @TempDir Path dir;

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void everyByteOfAChatIsAsItIsMeant() throws Exception {
    Path key = Files.writeString(dir.resolve("key"), "sk-secret");
    server.thenEvents(
        START,
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}",
        "{\"type\":\"message_stop\"}");
    GenerationRequest request =
        ServedModels.chat(
            "[{\"role\":\"system\",\"content\":\"Be kind\"},"
                + "{\"role\":\"user\",\"content\":\"What is it?\"},"
                + "{\"role\":\"assistant\",\"content\":\"I look\",\"tool_calls\":[{\"id\":\"a\","
                + "\"type\":\"function\",\"function\":{\"name\":\"see\","
                + "\"arguments\":\"{\\\"x\\\":1}\"}}]},"
                + "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"a cat\"},"
                + "{\"role\":\"user\",\"content\":\"So?\"}]",
            new Tools(
                ServedModels.list(
                    "[{\"type\":\"function\",\"function\":{\"name\":\"see\","
                        + "\"description\":\"Looks\",\"parameters\":{\"type\":\"object\"}}}]"),
                Tools.Choice.REQUIRED,
                null,
                false));

    open("key_file: " + key).generate(request, listener);

    assertThat(server.requests.getFirst())
        .startsWith("POST /v1/messages HTTP/1.1")
        .contains("anthropic-version: 2023-06-01", "x-api-key: sk-secret")
        .doesNotContain("Authorization");
    assertThat(server.body())
        .isEqualTo(
            "{\"model\":\"m\",\"stream\":true,\"max_tokens\":50,\"system\":\"Be kind\","
                + "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
                + "\"What is it?\"}]},{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
                + "\"text\":\"I look\"},{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"see\","
                + "\"input\":{\"x\":1}}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
                + "\"tool_use_id\":\"a\",\"content\":\"a cat\"},{\"type\":\"text\",\"text\":\"So?\"}]}],"
                + "\"tools\":[{\"name\":\"see\",\"description\":\"Looks\",\"input_schema\":"
                + "{\"type\":\"object\"}}],\"tool_choice\":{\"type\":\"any\","
                + "\"disable_parallel_tool_use\":true}}");
  }

  @Test
  void blocksBecomePiecesAndUsageComesInTwoEvents() throws Exception {
    server.thenEvents(
        START,
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\","
            + "\"thinking\":\"\"}}",
        "{\"type\":\"ping\"}",
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\","
            + "\"thinking\":\"Hm\"}}",
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\","
            + "\"signature\":\"xyz\"}}",
        "{\"type\":\"content_block_stop\",\"index\":0}",
        "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\","
            + "\"text\":\"Hello\"}}",
        "{\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\","
            + "\"id\":\"a\",\"name\":\"see\",\"input\":{}}}",
        "{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\","
            + "\"partial_json\":\"{}\"}}",
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},"
            + "\"usage\":{\"output_tokens\":12}}",
        "{\"type\":\"message_stop\"}");

    GenerationEnd end = open("weight: 1").generate(ServedModels.chat(), listener);

    assertThat(listener.content()).isEqualTo("Hello");
    assertThat(listener.reasoning()).isEqualTo("Hm");
    assertThat(listener.calls())
        .isEqualTo(
            "[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"see\","
                + "\"arguments\":\"\"}}][{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]");
    assertThat(end)
        .isEqualTo(
            new GenerationEnd(List.of(GenerationEnd.Reason.TOOL_CALLS), 9, 3, 12, 0, "anthropic"));
  }

  @Test
  void tooMuchToDoBeforeTheFirstWordIsAPauseAndAfterItAFailure() throws Exception {
    String overloaded =
        "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}";
    String word =
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
            + "\"text\":\"Hello\"}}";
    server.thenEvents(START, word, overloaded).thenEvents(START, overloaded);
    Generator model = open("weight: 1");
    GenerationRequest chat = ServedModels.chat();

    ModelFailure after =
        catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));
    ModelFailure before =
        catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, new Listener()));

    assertThat(after.notYet()).isFalse();
    assertThat(after.reason()).isEqualTo("model m: it broke off with an error: Overloaded");
    assertThat(before.notYet()).isTrue();
  }

  @Test
  void whatItHasNoWordsForIsRefusedByName() throws Exception {
    Generator model = open("weight: 1");
    GenerationRequest image =
        ServedModels.chat(
            "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
                + "{\"url\":\"https://a/b.png\"}}]}]",
            ServedModels.noTools());
    var json =
        new GenerationRequest(
            new Prompt.Chat(ServedModels.list(ServedModels.QUESTION), ServedModels.noTools()),
            1,
            null,
            ServedModels.SAMPLING,
            List.of(),
            new Format.JsonObject(),
            null,
            ServedModels.object());

    assertParam(model, image, "messages");
    assertParam(model, json, "response_format");
    assertParam(model, ServedModels.request(new Prompt.Text("a")), "prompt");
    assertThat(server.requests).isEmpty();
  }

  private void assertParam(Generator model, GenerationRequest request, String field) {
    assertThatThrownBy(() -> model.generate(request, listener))
        .isInstanceOfSatisfying(InvalidInput.class, e -> assertThat(e.param()).isEqualTo(field));
  }

  private Generator open(String keys) throws Exception {
    return ServedModels.open(dir, "anthropic: {url: " + server.url() + "/v1, " + keys + "}");
  }
}
