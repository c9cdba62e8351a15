package dev.penstock.types.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Golden;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A plugin that was compiled against version 0.1.0, from the source beside it, and never again: the
 * jar is run as it is. Its handler calls all that a plugin can reach.
 */
final class OldPluginTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private final List<Progress> reported = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // Loaded before each test.
  private Plugins plugins;

  @BeforeEach
  void load() throws Exception {
    Files.copy(Golden.path("plugin-0.1.0.jar"), folder.resolve("witness.jar"));
    plugins = Plugins.load(folder, Set.of("ping", "embedding"));
  }

  @AfterEach
  void close() {
    plugins.close();
  }

  /** The only place that knows how a spec is put together. */
  private static TaskSpec spec(String input, Identity identity) {
    return new TaskSpec(
        new TaskId("0cvn0b9v8v0123456789abcdefghijklmnop"),
        new TaskSpec.Work(
            new Lane("witness", "a-model.v1"),
            new Priority(8),
            input.getBytes(StandardCharsets.UTF_8),
            Instant.parse("2026-01-02T03:04:05.678901Z")),
        new TaskSpec.Limits(4, Duration.ofMillis(61_500)),
        new TaskSpec.Retention(Duration.ofHours(1), Duration.ofDays(7)),
        new TaskSpec.Origin("an owner", Map.of("source", "golden", "ü", "\n"), identity, "node-1"));
  }

  private static Task task(String input, Identity identity) {
    return new Task(
        spec(input, identity),
        TaskState.PROCESSING,
        1,
        2,
        new Progress(3, 4, "almost"),
        Instant.parse("2026-01-02T03:04:06Z"),
        Instant.parse("2026-01-02T03:04:07.000001Z"),
        Instant.parse("2026-01-02T03:04:08Z"),
        "worker-1",
        new TaskError(Code.INFERENCE_FAILED, "it threw"),
        TaskOutput.json("[0]"),
        Instant.parse("2026-01-02T03:04:09Z"));
  }

  private TaskHandler handler() {
    assertThat(plugins.parts())
        .singleElement()
        .satisfies(part -> assertThat(part.message()).isEqualTo("task types: witness"));
    return plugins.handlers().getFirst();
  }

  private Outcome run(String say, Identity identity) throws InterruptedException {
    String input =
        "{\"say\":\"%s\",\"first_name\":\"Ada\",\"parts\":[{\"name\":\"p\",\"weight\":0.5}]}"
            .formatted(say);
    return handler().run(task(input, identity), reported::add);
  }

  private Outcome run(String say) throws InterruptedException {
    return run(say, new Identity.Named("order-1", "digest"));
  }

  private static String text(Outcome outcome) {
    return new String(((Outcome.Done) outcome).output().bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void itSaysWhatItIs() {
    assertThat(handler().type()).isEqualTo("witness");
    assertThat(handler().concurrency()).isEqualTo(3);
    assertThat(handler().inputSchema()).contains("\"required\":[\"say\"]");
    assertThat(handler().outputSchema()).isEqualTo("{}");
  }

  @Test
  void itSeesWhatItSawWhenItWasCompiled() throws Exception {
    JsonNode seen = JSON.readTree(text(run("all")));
    Golden.check(
        "plugin-0.1.0/seen.json", JSON.writerWithDefaultPrettyPrinter().writeValueAsString(seen));
    assertThat(reported).containsExactly(new Progress(1, 3, "one"), new Progress(2, 3, "two"));
  }

  @Test
  void itTellsIdentitiesApart() throws Exception {
    JsonNode seen = JSON.readTree(text(run("all", new Identity.Alike("work-1"))));
    assertThat(seen.get("identity").textValue()).isEqualTo("alike:work-1 work-1");
  }

  @Test
  void itsOutcomesMeanWhatTheyMeant() throws Exception {
    assertThat(text(run("record")))
        .isEqualTo("{\"first_word\":\"a\",\"length_of_it\":1,\"all\":[\"b\",\"c\"]}");
    assertThat(text(run("json"))).isEqualTo("{\"is\": \"kept as it is\"}");
    assertThat(text(run("bytes"))).isEqualTo("[1,2]");
    assertThat(text(run("null"))).isEqualTo("null");
    assertThat(run("retry"))
        .isEqualTo(new Outcome.Retry(new TaskError(Code.HANDLER_FAILED, "later")));
    assertThat(run("retry-code"))
        .isEqualTo(new Outcome.Retry(new TaskError(Code.OVERLOADED, "no room elsewhere")));
    assertThat(run("reject"))
        .isEqualTo(new Outcome.Reject(new TaskError(Code.INVALID_INPUT, "never")));
    assertThat(run("reject-code"))
        .isEqualTo(new Outcome.Reject(new TaskError(Code.TIMEOUT, "too long")));
    assertThat(run("postpone")).isEqualTo(new Outcome.Postpone(Duration.ofSeconds(90)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"interrupted", "something else"})
  void itsExceptionsComeThrough(String say) {
    assertThatThrownBy(() -> run(say))
        .isInstanceOf(
            say.equals("interrupted") ? InterruptedException.class : IllegalStateException.class);
  }
}
