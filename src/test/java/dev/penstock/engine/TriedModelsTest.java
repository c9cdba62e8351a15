package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.engine.ModelEngines.Use;
import dev.penstock.engine.trial.Trials;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildLoop;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.task.Priority;
import dev.penstock.testing.HostileModels;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories from anybody, which a child process opens first. */
final class TriedModelsTest {
  /** Whoever starts such a child is told that there is none. */
  private static final String NO_CHILD = "dev.penstock.NoSuchClass";

  @TempDir Path data;
  @TempDir Path models;

  private final Queue<String> crashed = new ConcurrentLinkedQueue<>();
  private final Watching backend = new Watching();

  @SuppressWarnings("NullAway.Init") // Made before each test.
  private ChildProcesses children;

  @SuppressWarnings("NullAway.Init") // Made before each test.
  private ModelCatalogue catalogue;

  @SuppressWarnings("NullAway.Init") // Made before each test.
  private ModelEngines engines;

  /** A child as the system leaves it when memory is short. */
  static final class KilledChild {
    private KilledChild() {}

    public static void main(String[] arguments) {
      ChildLoop.run(
          request -> {
            Runtime.getRuntime().halt(137);
            return request;
          },
          Long.parseLong(arguments[2]));
    }
  }

  /** The local backend, which notes the child processes that there are as a model opens. */
  private static final class Watching extends AroundLocal {
    private final Queue<Long> beside = new ConcurrentLinkedQueue<>();
    private volatile Deed meanwhile = () -> {};

    private interface Deed {
      void happen() throws IOException;
    }

    @Override
    void before() throws IOException {
      beside.add(ProcessHandle.current().children().count());
      meanwhile.happen();
    }
  }

  /** Where another test in this JVM had them unpacked, in a folder that is gone by now. */
  @BeforeAll
  static void forgetWhereLibrariesWere() {
    List.of("RUST_LIBRARY_PATH", "RUST_FLAVOR", "onnxruntime.native.path")
        .forEach(System::clearProperty);
  }

  @BeforeEach
  void start() {
    start("dev.penstock.Main");
  }

  /** As a start of the program, on the same data. */
  private void start(String main) {
    children = new ChildProcesses(main, crashed::add);
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    engines =
        new ModelEngines(
            catalogue,
            new ModelMemory(0, Duration.ZERO),
            new Backends(Backends.BUILT_IN.kinds(), List.of(backend)),
            TestModels.parts(data),
            System::nanoTime,
            Trials.in(children, data));
  }

  @AfterEach
  void stop() {
    engines.close();
    children.close();
  }

  private void restart(String main) {
    stop();
    start(main);
  }

  private float[] embed(String model, String text) throws Exception {
    try (Use use = engines.acquire(catalogue.find(model).orElseThrow()).orElseThrow()) {
      EmbeddingEngine engine = use.engine(EmbeddingEngine.class);
      return engine.embed(
              "owner",
              Priority.TASK,
              List.of(engine.tokenizer().encode(text, Truncation.END)),
              done -> {})
          .orElseThrow()[0];
    }
  }

  private String refusal(String model) {
    ModelSpec spec = catalogue.find(model).orElseThrow();
    assertThatThrownBy(() -> engines.acquire(spec)).isInstanceOf(ModelFailure.class);
    return catalogue.broken().getOrDefault(model, "not broken");
  }

  private void assertKeptOut(String model) throws Exception {
    ModelFolders.tiny(models, "neighbour", TinyModel.quick());
    restart("dev.penstock.Main");

    assertThat(refusal(model))
        .startsWith("tried before its first use, the child process opening ended: exit ")
        .doesNotContain(models.toString(), data.toString());
    assertThat(crashed).containsExactly("opening");
    assertThat(backend.beside).isEmpty();
    assertThat(embed("neighbour", "a gate")).hasSize(384);
    assertThat(embed("all-minilm-l6-v2-q", "a gate")).hasSize(384);

    crashed.clear();
    restart(NO_CHILD);
    assertThat(refusal(model)).startsWith("tried before its first use");
    assertThat(crashed).isEmpty();
  }

  @Test
  void aTokenizerThatAbortsOverAnyTextTakesDownAChildOnceAndNeverTheServer() throws Exception {
    HostileModels.abortsOverAnyText(models, "hostile");
    assertKeptOut("hostile");
  }

  @Test
  void aTokenizerThatAbortsOverSomeLettersIsKeptOutBeforeAClientSendsThem() throws Exception {
    HostileModels.abortsOverForeignLetters(models, "hostile");
    assertKeptOut("hostile");
  }

  @Test
  void aModelThatOverflowsTheStackTakesDownAChildOnceAndNeverTheServer() throws Exception {
    HostileModels.overflowsTheStack(models, "hostile");
    assertKeptOut("hostile");
  }

  @Test
  void whatHasPassedIsNotTriedAgainUntilItsFilesChange() throws Exception {
    Path folder = ModelFolders.tiny(models, "mine", TinyModel.quick());
    restart("dev.penstock.Main");
    float[] vector = embed("mine", "a gate");
    assertThat(backend.beside).as("the child is gone when the model opens").containsExactly(0L);

    restart(NO_CHILD);
    assertThat(embed("mine", "a gate")).containsExactly(vector);

    TinyModel.quick().table("more", new float[][] {{1}}).write(folder.resolve("onnx/model.onnx"));
    restart(NO_CHILD);
    assertThat(refusal("mine")).isEqualTo("not broken");
    restart("dev.penstock.Main");
    assertThat(embed("mine", "a gate")).containsExactly(vector);
  }

  @Test
  void aModelThatTheProgramDiedOverIsTriedOnceMoreThoughItHadPassed() throws Exception {
    ModelFolders.tiny(models, "mine", TinyModel.quick());
    restart("dev.penstock.Main");
    Queue<String> meanwhile = new ConcurrentLinkedQueue<>();
    backend.meanwhile = () -> meanwhile.addAll(kept());
    embed("mine", "a gate");
    assertThat(meanwhile).containsExactly("mine.json", "mine.mark");
    assertThat(kept()).containsExactly("mine.json");

    Files.createFile(data.resolve("openings/mine.mark"));
    restart(NO_CHILD);
    assertThat(refusal("mine")).isEqualTo("not broken");
    assertThat(kept()).containsExactly("mine.json", "mine.mark");

    restart("dev.penstock.Main");
    assertThat(embed("mine", "a gate")).hasSize(384);
    assertThat(kept()).containsExactly("mine.json");
  }

  @Test
  void filesThatWereElsewhereWhileTheModelOpenedAreNotServed() throws Exception {
    Path file = ModelFolders.tiny(models, "mine", TinyModel.quick()).resolve("tokenizer.json");
    Path other = models.resolve("other");
    restart("dev.penstock.Main");
    backend.meanwhile =
        () -> {
          Files.move(file, other);
          Files.move(other, file);
        };
    assertThat(refusal("mine")).isEqualTo("not broken");

    backend.meanwhile = () -> {};
    assertThat(embed("mine", "a gate")).hasSize(384);
  }

  private List<String> kept() throws IOException {
    try (Stream<Path> files = Files.list(data.resolve("openings"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aTrialThatTheSystemEndedForWantOfMemorySaysNothingOfTheModel() throws Exception {
    ModelFolders.tiny(models, "mine", TinyModel.quick());
    restart(KilledChild.class.getName());

    assertThat(refusal("mine")).isEqualTo("not broken");
    assertThat(catalogue.find("mine")).isPresent();
    restart("dev.penstock.Main");
    assertThat(embed("mine", "a gate")).hasSize(384);
  }

  @Test
  void modelsInsideTheProgramAndThoseOfOtherBackendsNeedNoTrial() throws Exception {
    restart(NO_CHILD);
    assertThat(embed("all-minilm-l6-v2-q", "a gate")).hasSize(384);
    assertThat(data.resolve("openings")).doesNotExist();
  }

  @Test
  void whereNothingCanBeKeptAModelOpensAllTheSame() throws Exception {
    ModelFolders.tiny(models, "mine", TinyModel.quick());
    Files.createFile(data.resolve("openings"));
    restart("dev.penstock.Main");

    assertThat(embed("mine", "a gate")).hasSize(384);
  }

  @Test
  void whatIsSaidOfAModelThatOnlyFailsIsWhatItWas() throws Exception {
    ModelFolders.tiny(
        models, "operator", TinyModel.words().node("Fancy", "x", "words").output("x", 3));
    Files.writeString(
        ModelFolders.tiny(models, "parts", TinyModel.quick()).resolve("tokenizer.json"),
        "{\"model\": {}}");
    restart("dev.penstock.Main");

    assertThat(refusal("operator")).contains("Fancy").doesNotContain(models.toString());
    assertThat(refusal("parts")).doesNotContain("child", models.toString());
    assertThat(crashed).isEmpty();
    assertThat(backend.beside).isEmpty();
  }
}
