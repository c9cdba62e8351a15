package dev.penstock.types.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.core.Part;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskHandler;
import dev.penstock.testing.PluginJar;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.worker.TestTasks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PluginsTest {
  private static final String HANDLER =
      """
      public final class NAME implements TaskHandler {
        public String type() { return "TYPE"; }
        public String inputSchema() { return INPUT; }
        public String outputSchema() { return "{}"; }
        public Outcome run(Task task, Control control) { RUN }
        static Outcome awaits(java.time.Duration most, byte[] state, ChildTask... children) {
          return new Outcome.Await(java.util.List.of(children), 0, most, false, state);
        }
        static ChildTask child(String key, String type, String json) {
          byte[] bytes = json.getBytes(java.nio.charset.StandardCharsets.UTF_8);
          return new ChildTask(
              key, new Lane(type, null), bytes, null, null, null, java.util.Map.of());
        }
      }
      """;

  @TempDir Path folder;
  @TempDir Path work;

  private static String handler(String name, String type, String input, String run) {
    return HANDLER
        .replace("NAME", name)
        .replace("TYPE", type)
        .replace("INPUT", input)
        .replace("RUN", run);
  }

  private static String returning(String value) {
    return handler("A", "a", "\"{}\"", "return " + value + ";");
  }

  /** Makes a jar of handlers; their classes are called A, B and so on. */
  private void jar(String name, String... sources) throws IOException {
    var classes = new HashMap<String, String>();
    for (String source : sources) {
      classes.put(Character.toString('A' + classes.size()), source);
    }
    PluginJar.build(Files.createDirectories(work.resolve(name)), classes, folder.resolve(name));
  }

  private Plugins load() {
    return Plugins.load(folder, Set.of("ping"));
  }

  /** What comes of the one handler that the folder brings. */
  private Outcome run() throws InterruptedException {
    try (Plugins plugins = load()) {
      assertThat(plugins.handlers()).as("%s", plugins.parts()).hasSize(1);
      TaskHandler handler = plugins.handlers().getFirst();
      return handler.run(TestTasks.task(new Lane("a", null), "{}", 0), _ -> {});
    }
  }

  private static String text(Outcome outcome) {
    return new String(((Outcome.Done) outcome).output().bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void aFolderThatIsNotThereHasNoPlugins() {
    try (Plugins plugins = Plugins.load(folder.resolve("none"), Set.of())) {
      assertThat(plugins.handlers()).isEmpty();
      assertThat(plugins.parts()).isEmpty();
    }
  }

  @Test
  void aHandlerOfAJarRunsItsTasks() throws Exception {
    jar("good.jar", returning("Outcome.done(java.util.Map.of(\"n\", 1))"));
    assertThat(text(run())).isEqualTo("{\"n\":1}");
  }

  @Test
  void aPluginSeesTheApiButNotTheProgramsLibraries() throws Exception {
    jar(
        "curious.jar",
        handler(
            "A",
            "a",
            "\"{}\"",
            """
            try {
              Class.forName("org.slf4j.Logger");
              Class.forName("com.fasterxml.jackson.databind.ObjectMapper");
              return Outcome.done("seen");
            } catch (ClassNotFoundException e) {
              return Outcome.done(e.getMessage());
            }
            """));
    assertThat(text(run())).contains("com.fasterxml.jackson");
  }

  @Test
  void aPluginsOwnLoaderIsTheContextWhileItRuns() throws Exception {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    jar(
        "context.jar",
        returning(
            "Outcome.done(Thread.currentThread().getContextClassLoader()"
                + " == A.class.getClassLoader())"));
    assertThat(text(run())).isEqualTo("true");
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
  }

  @Test
  void whatIsWrongWithAJarIsToldAndHarmsNoOther() throws Exception {
    Files.writeString(folder.resolve("1-text.jar"), "no jar at all");
    Files.createDirectory(folder.resolve("2-folder.jar"));
    Files.writeString(folder.resolve("readme.txt"), "passed over");
    jar("3-empty.jar");
    jar("4-taken.jar", handler("A", "ping", "\"{}\"", "return null;"));
    jar("5-name.jar", handler("A", "Bad.Name", "\"{}\"", "return null;"));
    jar("6-good.jar", returning("null"));
    jar("7-again.jar", returning("null"));
    jar(
        "8-throws.jar",
        handler("A", "b", "\"{}\"", "return null;")
            .replace(
                "public String type",
                "public A() { throw new Error(\"ouch\"); }\npublic String type"),
        handler("B", "c", "\"{}\"", "return null;"));
    jar("9-null.jar", handler("A", "d", "null", "return null;"));
    try (Plugins plugins = load()) {
      assertThat(plugins.handlers().stream().map(TaskHandler::type)).containsExactly("a", "c");
      assertThat(plugins.parts()).allMatch(Part::ok).hasSize(9);
      List<String> told =
          plugins.parts().stream().map(part -> part.name() + ": " + part.message()).toList();
      assertThat(told.get(0)).startsWith("plugin 1-text.jar: not loaded: it is not a readable jar");
      assertThat(told.get(1)).contains("2-folder.jar: not loaded", "it is no file");
      assertThat(told.get(2)).isEqualTo("plugin 3-empty.jar: not loaded: it names no handler");
      assertThat(told.get(3)).endsWith("not loaded: the type ping is taken");
      assertThat(told.get(4)).contains("the type 'Bad.Name' is not allowed");
      assertThat(told.get(5)).isEqualTo("plugin 6-good.jar: task types: a");
      assertThat(told.get(6)).endsWith("not loaded: the type a is taken");
      assertThat(told.get(7)).contains("task types: c; not loaded: ", "ouch");
      assertThat(told.get(8)).contains("plugin.A returns null");
    }
  }

  @Test
  void aHandlerWhoseConstructorDoesNotReturnHarmsItsJarAlone() throws Exception {
    jar(
        "1-hangs.jar",
        handler("A", "a", "\"{}\"", "return null;")
            .replace(
                "public String type",
                "public A() { while (true) { java.util.concurrent.locks.LockSupport.park(); } }\npublic String type"));
    jar("2-good.jar", handler("A", "b", "\"{}\"", "return null;"));
    try (Plugins plugins = Plugins.load(folder, Set.of(), Duration.ofMillis(1_500))) {
      assertThat(plugins.handlers().stream().map(TaskHandler::type)).containsExactly("b");
      assertThat(plugins.parts().getFirst().message()).contains("not loaded", "within 1 s");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"type\":                                    | is not JSON",
        "[]                                            | is no JSON object",
        "{\"type\":\"text\"}                           | is no JSON Schema",
        "{\"$ref\":\"http://127.0.0.1:9/s.json\"}      | outside itself",
        "{\"items\":{\"$ref\":\"file:///etc/s.json\"}} | outside itself",
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"} | is written for",
        "{\"pattern\":\"(\"}                           | cannot be used",
        "{\"$ref\":\"#/$defs/none\"}                   | cannot be used",
        "{\"$ref\":\"#\"}                              | without end",
      })
  void aSchemaThatIsNoneIsRefused(String schema, String problem) {
    assertThat(PluginSchema.problem(schema)).contains(problem);
  }

  @Test
  void theSchemasOfTheProgramItselfWouldBeTaken() {
    for (TaskType type : TaskTypes.BUILT_IN) {
      assertThat(PluginSchema.problem(type.inputSchema())).isNull();
      assertThat(PluginSchema.problem(type.outputSchema())).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "null | returned null",
        "new Outcome.Retry(null) | without saying why",
        "new Outcome.Postpone(java.time.Duration.ofDays(400)) | 0 to 30 days",
        "new Outcome.Done(TaskOutput.json(\"{\")) | is not JSON",
        "new Outcome.Done(TaskOutput.json(\"\")) | is empty",
        "new Outcome.Done(TaskOutput.json(\"1 2\")) | one JSON value",
        "new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, new byte[] {34, -1, 34})) | not JSON",
        "new Outcome.Done(new TaskOutput(TaskOutput.Format.EMBEDDINGS, new byte[16])) | must be JSON",
        "Outcome.done(\"x\".repeat(16 << 20)) | at most 16777216",
        "new Outcome.Reject(new TaskError(TaskError.Code.LEASE_LOST, \"mine\")) | lease_lost: mine",
        "awaits(java.time.Duration.ofDays(31), null) | 0 to 30 days",
        "awaits(null, new byte[65537]) | at most 65536",
        "awaits(null, null, child(\"k\", \"a\", \"1\"), child(\"k\", \"a\", \"2\")) | two children k",
        "awaits(null, null, child(\"k\", \"Big\", \"1\")) | child k has no task type",
        "awaits(null, null, child(\"k\", \"a\", \"{\")) | child k has an input that is not JSON",
        "awaits(null, null, child(\"k\", \"a\", \"\\\"\" + \"x\".repeat(4 << 20) + \"\\\"\")) | at most 4194304",
        "awaits(null, null, java.util.stream.IntStream.range(0, 257).mapToObj(i -> child(\"k\" + i, \"a\", \"1\")).toArray(ChildTask[]::new)) | at most 256",
      })
  void anOutcomeThatCannotBeKeptFailsTheTask(String value, String problem) throws Exception {
    jar("results.jar", returning(value));
    assertThat(run())
        .isInstanceOfSatisfying(
            Outcome.Reject.class,
            reject -> {
              assertThat(reject.error().code()).isEqualTo(Code.HANDLER_FAILED);
              assertThat(reject.error().message()).contains(problem);
            });
  }

  @Test
  void anErrorWithoutWordsOrCodeIsAFailedAttemptAsAnyOther() throws Exception {
    jar("words.jar", returning("new Outcome.Retry(new TaskError(null, null))"));
    assertThat(run())
        .isEqualTo(new Outcome.Retry(new TaskError(Code.HANDLER_FAILED, "no reason was given")));
  }

  @Test
  void aProgressThatCannotBeDoesNotFailTheRun() throws Exception {
    jar(
        "progress.jar",
        handler(
            "A",
            "a",
            "\"{}\"",
            """
            control.progress(9, 4, "more than all");
            control.progress(-1, 4, null);
            return Outcome.done(1);
            """));
    assertThat(text(run())).isEqualTo("1");
  }

  @Test
  void anAwaitThatCanBeKeptIsReturnedAsItIs() throws Exception {
    jar("awaits.jar", returning("awaits(null, new byte[1], child(\"k\", \"a\", \"[1]\"))"));
    assertThat(run())
        .isInstanceOfSatisfying(
            Outcome.Await.class,
            await -> assertThat(await.children().getFirst().key()).isEqualTo("k"));
  }

  @Test
  void anErrorThrownByAHandlerIsAnExceptionToItsRun() throws Exception {
    jar("errors.jar", handler("A", "a", "\"{}\"", "throw new AssertionError(\"no\");"));
    assertThatThrownBy(this::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no");
  }
}
