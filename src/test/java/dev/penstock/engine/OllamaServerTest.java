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
import dev.penstock.task.TaskError;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OllamaServerTest {
  private final ScriptedServer server = new ScriptedServer();
  private final Listener listener = new Listener();

  @TempDir Path dir;

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void everyByteOfAChatIsAsItIsMeant() throws Exception {
    lines("{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}");
    GenerationRequest request =
        ServedModels.chat(
            "[{\"role\":\"developer\",\"content\":\"Be kind\"},"
                + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What is\"},"
                + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QUJD\"}}]},"
                + "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
                + "\"function\":{\"name\":\"see\",\"arguments\":\"{\\\"x\\\":1}\"}}]},"
                + "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"a cat\"}]",
            new Tools(
                ServedModels.list("[{\"type\":\"function\",\"function\":{\"name\":\"see\"}}]"),
                Tools.Choice.AUTO,
                null,
                true));

    open("keep_alive: 10m").generate(request, listener);

    assertThat(server.requests.getFirst())
        .startsWith("POST /api/chat HTTP/1.1")
        .contains("Accept: application/x-ndjson");
    assertThat(server.body())
        .isEqualTo(
            "{\"model\":\"m\",\"stream\":true,\"messages\":["
                + "{\"role\":\"system\",\"content\":\"Be kind\"},"
                + "{\"role\":\"user\",\"content\":\"What is\",\"images\":[\"QUJD\"]},"
                + "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":"
                + "{\"name\":\"see\",\"arguments\":{\"x\":1}}}]},"
                + "{\"role\":\"tool\",\"content\":\"a cat\",\"tool_name\":\"see\"}],"
                + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"see\"}}],"
                + "\"options\":{\"num_ctx\":1000,\"seed\":7,\"num_predict\":50},"
                + "\"truncate\":false,\"shift\":false,\"keep_alive\":\"10m\"}");
  }

  @Test
  void aChatIsToldByTheLineAndCounted() throws Exception {
    lines(
        "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"Hm\"},\"done\":false}",
        "{\"message\":{\"content\":\"Hello\"},\"done\":false}",
        "{\"message\":{\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"see\","
            + "\"arguments\":{\"x\":1}}}]},\"done\":false}",
        "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\","
            + "\"prompt_eval_count\":9,\"eval_count\":5}");

    GenerationEnd end = open("weight: 1").generate(ServedModels.chat(), listener);

    assertThat(listener.content()).isEqualTo("Hello");
    assertThat(listener.reasoning()).isEqualTo("Hm");
    assertThat(listener.calls())
        .startsWith("[{\"index\":0,\"id\":\"call_")
        .endsWith("\"function\":{\"name\":\"see\",\"arguments\":\"{\\\"x\\\":1}\"}}]");
    assertThat(end)
        .isEqualTo(
            new GenerationEnd(List.of(GenerationEnd.Reason.TOOL_CALLS), 9, 0, 5, 0, "ollama"));
  }

  @Test
  void aTextIsGoneOnWithAsItIs() throws Exception {
    lines(
        "{\"response\":\" there\",\"done\":false}",
        "{\"response\":\"\",\"done\":true,\"done_reason\":\"length\"}");

    GenerationEnd end =
        open("weight: 1").generate(ServedModels.request(new Prompt.Text("Hello")), listener);

    assertThat(server.requests.getFirst()).startsWith("POST /api/generate HTTP/1.1");
    assertThat(server.body()).contains("\"prompt\":\"Hello\",\"raw\":true");
    assertThat(listener.content()).isEqualTo(" there");
    assertThat(end.reasons()).containsExactly(GenerationEnd.Reason.LENGTH);
  }

  @Test
  void anErrorUnderTwoHundredIsOne() throws Exception {
    lines("{\"message\":{\"content\":\"Hel\"},\"done\":false}", "{\"error\":\"out of memory\"}");
    Generator model = open("weight: 1");
    GenerationRequest chat = ServedModels.chat();

    ModelFailure failure =
        catchThrowableOfType(ModelFailure.class, () -> model.generate(chat, listener));

    assertThat(failure.reason()).isEqualTo("model m: it broke off with an error: out of memory");
  }

  @Test
  void aPromptThatDoesNotFitIsToldAsOne() throws Exception {
    server.thenStatus(400, "", "{\"error\":\"the input length exceeds the context length\"}");
    Generator model = open("weight: 1");
    GenerationRequest chat = ServedModels.chat();

    assertThatThrownBy(() -> model.generate(chat, listener))
        .isInstanceOfSatisfying(
            InvalidInput.class,
            e -> assertThat(e.error().code()).isEqualTo(TaskError.Code.CONTEXT_LENGTH_EXCEEDED));
  }

  @Test
  void whatItHasNoWordsForIsRefusedByName() throws Exception {
    Generator model = open("weight: 1");
    var two =
        new GenerationRequest(
            new Prompt.Text("a"),
            2,
            null,
            ServedModels.SAMPLING,
            List.of(),
            new Format.Text(),
            null,
            ServedModels.object());
    GenerationRequest forced =
        ServedModels.chat(
            ServedModels.QUESTION,
            new Tools(ServedModels.list("[{}]"), Tools.Choice.REQUIRED, null, true));

    assertThatThrownBy(() -> model.generate(two, listener))
        .isInstanceOfSatisfying(InvalidInput.class, e -> assertThat(e.param()).isEqualTo("n"));
    assertThatThrownBy(() -> model.generate(forced, listener))
        .isInstanceOfSatisfying(
            InvalidInput.class, e -> assertThat(e.param()).isEqualTo("tool_choice"));
    assertThat(server.requests).isEmpty();
  }

  private void lines(String... lines) {
    server.then(reply -> {
      reply.head("application/x-ndjson");
      for (String line : lines) {
        reply.part(line + "\n");
      }
      reply.end();
    });
  }

  private Generator open(String keys) throws Exception {
    return ServedModels.open(dir, "ollama: {url: " + server.url() + ", " + keys + "}");
  }
}
