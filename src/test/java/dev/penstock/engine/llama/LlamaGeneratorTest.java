package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.penstock.config.SettingsLoader;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.Backends;
import dev.penstock.engine.CannotOpenModel;
import dev.penstock.engine.Device;
import dev.penstock.engine.EngineParts;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.EngineStopped;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.engine.GenerationEnd.Reason;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.engine.Generator;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.TestModels;
import dev.penstock.engine.TestModels.LlamaSettings;
import dev.penstock.engine.trial.Trials;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.task.TaskError;
import dev.penstock.testing.Await;
import dev.penstock.testing.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A GGUF directory, opened and asked as the rest of the program does. */
final class LlamaGeneratorTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path temp;

  private final OwnChildren own = new OwnChildren();
  private final ChildProcesses children = new ChildProcesses("dev.penstock.Main", _ -> {});
  private final List<LlamaGenerator> opened = new ArrayList<>();

  @BeforeEach
  void model() throws Exception {
    Path folder = temp.resolve("data/native/llama");
    Files.createDirectories(folder);
    Files.createSymbolicLink(
        folder.resolve(LibraryFolder.version()), Stories.library().toAbsolutePath());
    Files.createDirectories(temp.resolve("models/stories"));
    Files.copy(Stories.file(), temp.resolve("models/stories/stories.gguf"));
  }

  @AfterEach
  void end() throws Exception {
    opened.forEach(LlamaGenerator::close);
    children.close();
    own.awaitEnd();
  }

  private void kill() {
    own.all().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
  }

  private EngineParts parts(LlamaSettings settings) {
    return new EngineParts(
        new Device.Cpu(),
        TestModels.parts(temp).settings(),
        settings,
        temp.resolve("data"),
        _ -> {},
        children);
  }

  private ModelSpec spec() {
    ModelCatalogue catalogue =
        ModelCatalogue.load(Backends.BUILT_IN.forms(), null, temp.resolve("models"));
    return catalogue
        .find("stories", "generation")
        .orElseThrow(() -> new AssertionError(catalogue.broken().toString()));
  }

  private LlamaGenerator open() throws Exception {
    return open(LlamaSettings.EXACT);
  }

  private LlamaGenerator open(LlamaSettings settings) throws Exception {
    ModelSpec spec = spec();
    LlamaGenerator generator =
        new LlamaBackend().open(spec, spec.sources().getFirst(), parts(settings));
    opened.add(generator);
    return generator;
  }

  private static final GenerationRequest.Sampling GREEDY =
      new GenerationRequest.Sampling(0.0, null, null, null, null, null, Map.of(), 0);

  private static GenerationRequest.Sampling seeded(long seed) {
    return new GenerationRequest.Sampling(1.0, 1.0, 0, 0.0, null, null, Map.of(), seed);
  }

  private static GenerationRequest request(
      Prompt prompt, int choices, int most, GenerationRequest.Sampling sampling, String... stops) {
    return new GenerationRequest(
        prompt,
        choices,
        most,
        sampling,
        List.of(stops),
        new Format.Text(),
        null,
        JsonNodeFactory.instance.objectNode());
  }

  /** The model's published answer is to no words at all. */
  private static GenerationRequest greedy(int most, String... stops) {
    return request(new Prompt.Text(""), 1, most, GREEDY, stops);
  }

  private static CompletableFuture<GenerationEnd> later(
      LlamaGenerator generator, GenerationRequest request, Asked asked) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return generator.generate(request, asked);
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  @Test
  void theAnswerIsThePublishedOneAloneAndInCompany() throws Exception {
    LlamaGenerator generator = open();
    assertThat(generator.status())
        .isEqualTo(new EngineStatus("stories", EngineStatus.State.READY, "cpu", 4, 512, 0, ""));
    var alone = new Asked();
    GenerationEnd end = generator.generate(greedy(200), alone);
    assertThat(alone.tokens(0)).isEqualTo(Stories.GREEDY);
    assertThat(alone.text(0)).contains("Once upon a time");
    assertThat(end).isEqualTo(new GenerationEnd(List.of(Reason.LENGTH), 1, 0, 200, 0, "llama"));
    assertThat(alone.begun).isTrue();
    assertThat(alone.clock).containsExactly("stand", "pass", "goOn");

    List<Asked> company = IntStream.range(0, 7).mapToObj(_ -> new Asked()).toList();
    List<CompletableFuture<GenerationEnd>> ends =
        company.stream().map(asked -> later(generator, greedy(200), asked)).toList();
    ends.forEach(CompletableFuture::join);
    assertThat(company).allSatisfy(asked -> assertThat(asked.told()).isEqualTo(alone.told()));
    assertThat(own.all()).hasSize(1);
  }

  @Test
  void choicesAreDrawnFromTheSeedAndTheirNumber() throws Exception {
    LlamaGenerator generator = open();
    var first = new Asked();
    GenerationEnd end =
        generator.generate(request(new Prompt.Text("Once"), 6, 40, seeded(7)), first);
    assertThat(end.reasons()).hasSize(6);
    assertThat(IntStream.range(0, 6).mapToObj(first::text).collect(Collectors.toSet())).hasSize(6);
    var again = new Asked();
    generator.generate(request(new Prompt.Text("Once"), 6, 40, seeded(7)), again);
    for (int choice = 0; choice < 6; choice++) {
      assertThat(again.tokens(choice)).isEqualTo(first.tokens(choice));
    }
  }

  @Test
  void anAnswerEndsBeforeAStopString() throws Exception {
    LlamaGenerator generator = open();
    var whole = new Asked();
    generator.generate(greedy(60), whole);
    String stop = whole.text(0).substring(20, 30);
    var stopped = new Asked();
    GenerationEnd end = generator.generate(greedy(60, stop), stopped);
    assertThat(end.reasons()).containsExactly(Reason.STOP);
    assertThat(stopped.text(0)).isEqualTo(whole.text(0).substring(0, 20));
  }

  @Test
  void anAnswerThatIsResumedIsToldAsTheWholeOne() throws Exception {
    LlamaGenerator generator = open();
    GenerationRequest asked = request(new Prompt.Text("Tim 🚀"), 2, 80, seeded(3), "no such words");
    var whole = new Asked();
    GenerationEnd end = generator.generate(asked, whole);
    List<int[]> before =
        List.of(
            whole.tokens(0).stream().limit(33).mapToInt(Integer::intValue).toArray(), new int[0]);
    var rest = new Asked(before, _ -> {});
    assertThat(generator.generate(asked, rest)).isEqualTo(end);
    for (int choice = 0; choice < 2; choice++) {
      String number = Integer.toString(choice);
      assertThat(rest.told().stream().filter(each -> each.startsWith(number)))
          .containsExactlyElementsOf(
              whole.told().stream().filter(each -> each.startsWith(number)).toList());
    }
    String same = generator.resumes();
    assertThat(open().resumes()).isEqualTo(same).hasSize(32);
  }

  @Test
  void aProcessThatIsKilledCostsItsTextsAPause() throws Exception {
    LlamaGenerator generator = open();
    Asked whole = new Asked();
    generator.generate(request(new Prompt.Text("Lily"), 1, 150, seeded(9)), whole);
    var first =
        new Asked(
            List.of(),
            count -> {
              if (count == 30) {
                kill();
              }
            });
    var second = new Asked();
    var other = later(generator, request(new Prompt.Text("Lily"), 1, 150, seeded(9)), second);
    generator.generate(greedy(200), first);
    other.join();
    assertThat(first.tokens(0)).isEqualTo(Stories.GREEDY);
    assertThat(second.told()).isEqualTo(whole.told());
    assertThat(own.all()).hasSize(1);
  }

  @Test
  void aTextThatTwoProcessesDiedOfFailsAndOthersGoOn() throws Exception {
    LlamaGenerator generator = open();
    var asked =
        new Asked(
            List.of(),
            count -> {
              if (count == 10 || count == 40) {
                kill();
              }
            });
    assertThatThrownBy(() -> generator.generate(greedy(200), asked))
        .isInstanceOf(ModelFailure.class)
        .hasMessageContaining("its process died twice while this text was made")
        .hasMessageContaining("signal 9");
    var next = new Asked();
    generator.generate(greedy(200), next);
    assertThat(next.tokens(0)).isEqualTo(Stories.GREEDY);
  }

  @Test
  void aPromptThatDoesNotFitIsRefusedWithBothFigures() throws Exception {
    LlamaGenerator generator = open();
    for (String text : List.of("Once upon a time. ".repeat(200), "a".repeat(3_000_000))) {
      InvalidInput refused = refused(generator, request(new Prompt.Text(text), 1, 5, GREEDY));
      assertThat(refused.error().code()).isEqualTo(TaskError.Code.CONTEXT_LENGTH_EXCEEDED);
      assertThat(refused.message()).matches(".* \\d+ tokens.* 512.*");
    }
    var asked = new Asked();
    GenerationEnd end =
        generator.generate(request(new Prompt.Text(""), 1, 1_000_000, seeded(1)), asked);
    assertThat(end.promptTokens() + end.answerTokens()).isLessThanOrEqualTo(512);
    assertThat(own.all()).hasSize(1);
  }

  private static InvalidInput refused(LlamaGenerator generator, GenerationRequest request) {
    try {
      generator.generate(request, new Asked());
    } catch (InvalidInput e) {
      return e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("it was taken");
  }

  @Test
  void anInterruptFreesTheSlot() throws Exception {
    LlamaGenerator generator = open(new LlamaSettings(1, 4_096, 1, true));
    var asked = new Asked();
    var thrown = new CompletableFuture<Exception>();
    Thread running =
        Thread.ofVirtual()
            .start(() -> {
              try {
                generator.generate(request(new Prompt.Text(""), 1, 500, seeded(2)), asked);
                thrown.complete(new IllegalStateException("it went on"));
              } catch (Exception e) {
                thrown.complete(e);
              }
            });
    Await.until("it runs", LONG, () -> asked.begun);
    var waits = new Asked();
    CompletableFuture<GenerationEnd> next = later(generator, greedy(200), waits);
    running.interrupt();
    assertThat(thrown.join()).isInstanceOf(InterruptedException.class);
    next.join();
    assertThat(waits.tokens(0)).isEqualTo(Stories.GREEDY);
    assertThat(waits.clock).containsExactly("stand", "pass", "goOn");
  }

  @Test
  void whatWaitsWhenItIsClosedIsToBeAskedForAgain() throws Exception {
    LlamaGenerator generator = open(new LlamaSettings(1, 4_096, 1, true));
    List<CompletableFuture<GenerationEnd>> ends =
        IntStream.range(0, 3)
            .mapToObj(seed ->
                later(generator, request(new Prompt.Text(""), 1, 500, seeded(seed)), new Asked()))
            .toList();
    generator.close();
    for (CompletableFuture<GenerationEnd> end : ends) {
      assertThatThrownBy(end::join)
          .hasCauseInstanceOf(ModelFailure.class)
          .hasRootCauseInstanceOf(EngineStopped.class);
    }
    assertThatThrownBy(() -> generator.generate(greedy(5), new Asked()))
        .hasCauseInstanceOf(EngineStopped.class);
  }

  private static Prompt.Chat chat(Tools.Choice choice, boolean tools) {
    ArrayNode messages = JsonNodeFactory.instance.arrayNode();
    messages.addObject().put("role", "system").put("content", "Be kind.");
    messages.addObject().put("role", "user").put("content", "Tell of Tim.");
    ArrayNode functions = JsonNodeFactory.instance.arrayNode();
    if (tools) {
      functions.addObject().put("type", "function").putObject("function").put("name", "look");
    }
    return new Prompt.Chat(messages, new Tools(functions, choice, null, true));
  }

  private void template(String text) throws IOException {
    Files.writeString(temp.resolve("models/stories/chat_template.jinja"), text);
  }

  @Test
  void aConversationIsMadeAPromptByTheTemplateBesideTheModel() throws Exception {
    template(
        "{% for m in messages %}{{ bos_token if loop.first }}{{ m.content }} {% endfor %}Once");
    LlamaGenerator generator = open();
    var chat = new Asked();
    GenerationEnd end =
        generator.generate(request(chat(Tools.Choice.AUTO, false), 1, 40, GREEDY), chat);
    var same = new Asked();
    GenerationEnd plain =
        generator.generate(
            request(new Prompt.Text("Be kind. Tell of Tim. Once"), 1, 40, GREEDY), same);
    assertThat(chat.told()).isEqualTo(same.told());
    assertThat(end.promptTokens()).isEqualTo(plain.promptTokens());
    assertThat(refused(generator, request(chat(Tools.Choice.AUTO, true), 1, 4, GREEDY)).param())
        .isEqualTo("tools");
    assertThat(refused(generator, request(chat(Tools.Choice.REQUIRED, true), 1, 4, GREEDY)).param())
        .isEqualTo("tool_choice");
  }

  @Test
  void withoutATemplateThereAreNoConversations() throws Exception {
    LlamaGenerator generator = open();
    GenerationRequest asked = request(chat(Tools.Choice.AUTO, false), 1, 4, GREEDY);
    assertThat(refused(generator, asked).message())
        .isEqualTo("model stories has no chat template: it takes prompts alone");
    template("{{ raise_exception('say please') }}");
    assertThat(refused(open(), asked).message())
        .isEqualTo("model stories does not take these messages: say please");
    template("{% for");
    assertThat(refused(open(), asked).message())
        .contains("has a chat template that cannot be read", "line 1");
    assertThat(open().generate(greedy(3), new Asked()).answerTokens()).isEqualTo(3);
  }

  @Test
  void theTemplateOfHuggingFacesConfigurationIsUsedWhereThereIsNoOther() throws Exception {
    Files.writeString(
        temp.resolve("models/stories/tokenizer_config.json"),
        "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"x\"},"
            + " {\"name\": \"default\", \"template\": \"{{ raise_exception('here') }}\"}]}");
    assertThat(refused(open(), request(chat(Tools.Choice.AUTO, false), 1, 4, GREEDY)).message())
        .endsWith("here");
  }

  @Test
  void whatItCannotDoIsRefusedWithTheFieldsName() throws Exception {
    LlamaGenerator generator = open();
    var bias =
        new GenerationRequest.Sampling(0.0, null, null, null, null, null, Map.of(512, 1.0), 0);
    assertThat(refused(generator, request(new Prompt.Text(""), 1, 1, bias)).param())
        .isEqualTo("logit_bias");
    assertThat(refused(generator, greedy(1, "x".repeat(2_000))).param()).isEqualTo("stop");
    var json =
        new GenerationRequest(
            new Prompt.Text(""),
            1,
            1,
            GREEDY,
            List.of(),
            new Format.JsonObject(),
            null,
            JsonNodeFactory.instance.objectNode());
    assertThat(refused(generator, json).param()).isEqualTo("response_format");
  }

  @Test
  void withoutTheLibraryItSaysWhatToDoAndFindsOneThatComes() throws Exception {
    Path library = temp.resolve("data/native/llama").resolve(LibraryFolder.version());
    Path target = Files.readSymbolicLink(library);
    Files.delete(library);
    assertThatThrownBy(this::open)
        .isInstanceOf(CannotOpenModel.class)
        .hasMessageContaining("make llama")
        .hasMessageContaining("LLAMA_LIBRARY");
    Files.createSymbolicLink(library, target);
    assertThat(open().generate(greedy(3), new Asked()).answerTokens()).isEqualTo(3);
  }

  @Test
  void itsMemoryIsKnownBeforeItIsOpened() {
    ModelSpec spec = spec();
    var backend = new LlamaBackend();
    long one =
        backend
            .need(spec, spec.sources().getFirst(), parts(new LlamaSettings(1, 0, 1, true)))
            .most();
    long four = backend.need(spec, spec.sources().getFirst(), parts(LlamaSettings.EXACT)).most();
    assertThat(four - one).as("the cache of three slots").isEqualTo(3L * 512 * 5 * 2 * 4 * 8 * 4);
    assertThat(one).isGreaterThan(1_000_000);
  }

  @Test
  void aDirectorysModelIsOpenedWithoutATrialAndClosedWithTheRest() throws Exception {
    ModelCatalogue catalogue =
        ModelCatalogue.load(Backends.BUILT_IN.forms(), null, temp.resolve("models"));
    EngineParts parts = parts(LlamaSettings.EXACT);
    var settings = SettingsLoader.load(List.of(), Map.of(), Map.of(), null).settings().model();
    Trials trials = Trials.in(children, temp.resolve("data"));
    try (ModelEngines engines =
            ModelEngines.start(catalogue, settings, Backends.BUILT_IN, parts, trials);
        ModelEngines.Use use = engines.acquire(spec()).orElseThrow()) {
      assertThat(use.engine(Generator.class).slots()).isEqualTo(4);
      assertThat(use.engine(Generator.class).generate(greedy(5), new Asked()).answerTokens())
          .isEqualTo(5);
      assertThat(own.all()).as("the model's, and none of a trial").hasSize(1);
    }
    for (long child : own.all()) {
      Processes.awaitEnd(child);
    }
  }
}
