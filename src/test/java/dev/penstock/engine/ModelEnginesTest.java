package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.engine.EngineStatus.State;
import dev.penstock.engine.ModelEngines.Use;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskError;
import dev.penstock.testing.Await;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.TinyModel;
import dev.penstock.types.embedding.TestEmbeddings;
import dev.penstock.worker.TestTasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class ModelEnginesTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final ModelMemory UNLIMITED = new ModelMemory(0, Duration.ofMinutes(15));
  private static final ModelSpec ONE = TestModels.MINILM_Q;
  private static final ModelSpec TWO = TestModels.BGE_Q;
  private static final ModelSpec THREE = TestModels.named("three", TestModels.MINILM_Q);

  @TempDir static Path data;
  @TempDir Path models;

  private final AtomicLong nanos = new AtomicLong();
  private ModelCatalogue catalogue = ModelCatalogue.of(List.of(ONE, TWO, THREE));
  private ModelEngines engines = engines(UNLIMITED);

  private ModelEngines engines(ModelMemory memory) {
    return new ModelEngines(
        catalogue, memory, Backends.BUILT_IN, TestModels.parts(data), nanos::get);
  }

  private static MemoryNeed need(ModelSpec spec) {
    return Backends.BUILT_IN.need(spec, TestModels.parts(data));
  }

  private void restart(ModelMemory memory) {
    engines.close();
    engines = engines(memory);
  }

  @AfterEach
  void close() {
    engines.close();
  }

  private void use(ModelSpec spec) throws Exception {
    try (Use use = engines.acquire(spec).orElseThrow()) {
      assertThat(embed(use)).hasSize(384);
    }
    nanos.incrementAndGet();
  }

  private static float[] embed(Use use) throws Exception {
    var tokens =
        use.engine(EmbeddingEngine.class).tokenizer().encode("a gate in a pipe", Truncation.END);
    return use.engine(EmbeddingEngine.class)
        .embed("owner", Priority.TASK, List.of(tokens), done -> {})
        .orElseThrow()[0];
  }

  private State state(String model) {
    return engines.status().stream()
        .filter(status -> status.model().equals(model))
        .findFirst()
        .orElseThrow()
        .state();
  }

  private void awaitState(ModelSpec spec, State state) throws Exception {
    Await.until(spec.name() + " is " + state, LIMIT, () -> state(spec.name()) == state);
  }

  @Test
  void anIdleModelIsClosedAndOpensAgainAndTheKeptOneStays() throws Exception {
    engines.keepOpen(List.of(ONE));
    awaitState(ONE, State.READY);
    use(TWO);
    assertThat(state(TWO.name())).isEqualTo(State.READY);

    nanos.addAndGet(Duration.ofMinutes(15).toNanos());

    awaitState(TWO, State.CLOSED);
    assertThat(state(ONE.name())).isEqualTo(State.READY);
    use(TWO);
    assertThat(state(TWO.name())).isEqualTo(State.READY);
  }

  @Test
  void aModelInUseIsNotClosed() throws Exception {
    try (Use held = engines.acquire(ONE).orElseThrow()) {
      use(TWO);
      nanos.addAndGet(Duration.ofHours(1).toNanos());
      awaitState(TWO, State.CLOSED); // so the idle ones have been looked at
      assertThat(state(ONE.name())).isEqualTo(State.READY);
      assertThat(embed(held)).hasSize(384);
    }
    nanos.addAndGet(Duration.ofHours(1).toNanos());
    awaitState(ONE, State.CLOSED);
  }

  @Test
  void theLongestUnusedModelMakesRoomForAnother() throws Exception {
    restart(new ModelMemory(need(ONE).most() + need(TWO).most(), Duration.ZERO));
    use(TWO);
    use(ONE);
    use(TWO);

    use(THREE);

    assertThat(state(ONE.name())).isEqualTo(State.CLOSED);
    assertThat(state(TWO.name())).isEqualTo(State.READY);
    assertThat(state(THREE.name())).isEqualTo(State.READY);
  }

  @Test
  void whereNothingCanGoTheTaskIsPostponedAndNothingIsClosed() throws Exception {
    restart(new ModelMemory(need(ONE).most() + need(TWO).most(), Duration.ZERO));
    engines.keepOpen(List.of(ONE));
    awaitState(ONE, State.READY);
    try (TokenizerThreads threads = new TokenizerThreads(1)) {
      var handler = TestEmbeddings.handler(engines, threads);
      var task = TestTasks.task(new Lane("embedding", THREE.name()), "\"x\"", 0);
      try (Use held = engines.acquire(TWO).orElseThrow()) {
        assertThat(handler.run(task, report -> {})).isInstanceOf(Outcome.Postpone.class);
        assertThat(embed(held)).hasSize(384);
      }
      assertThat(handler.run(task, report -> {})).isInstanceOf(Outcome.Done.class);
    }
    assertThat(state(TWO.name())).isEqualTo(State.CLOSED);
    assertThat(state(ONE.name())).isEqualTo(State.READY);
  }

  @Test
  void anotherProcessHasMemoryAsLongAsNoModelHereNeedsIt() throws Exception {
    restart(new ModelMemory(need(ONE).most() + need(TWO).most(), Duration.ZERO));
    use(TWO);
    use(ONE);
    var told = new AtomicInteger();
    Runnable back = engines.takeElsewhere(ONE, told::incrementAndGet).orElseThrow();
    assertThat(state(TWO.name())).as("the longest unused goes for it").isEqualTo(State.CLOSED);
    try (Use _ = engines.acquire(ONE).orElseThrow()) {
      assertThat(engines.takeElsewhere(TWO, told::incrementAndGet)).isEmpty();
      assertThat(told).hasValue(0);
      assertThat(engines.acquire(TWO)).isEmpty();
      assertThat(told).as("whoever has it is to give it back").hasValue(1);
      back.run();
      use(TWO);
    }
  }

  @Test
  void whatDoesNotFitTheContainerIsRefusedWithTheReason() throws Exception {
    long two = need(ONE).plus(need(TWO)).usual();
    long heap = 96L << 20;
    var container = new ModelMemory.Container(two + heap + (111L << 20), () -> heap);
    restart(new ModelMemory(0, Duration.ZERO, container));
    engines.keepOpen(List.of(ONE, TWO));
    awaitState(ONE, State.READY);
    awaitState(TWO, State.READY);
    assertThatThrownBy(() -> engines.acquire(THREE))
        .isInstanceOf(ModelFailure.class)
        .hasRootCauseMessage(
            "it needs about 53 MiB beside the default models' %d, and of the %d MiB that this container may take the program and its Java heap of 96 leave %d: give the container more, or the heap less (-Xmx in JAVA_OPTS)"
                .formatted(two >> 20, container.limit() >> 20, container.room() >> 20));
    assertThat(state(ONE.name())).isEqualTo(State.READY);
    assertThat(state(TWO.name())).isEqualTo(State.READY);
  }

  @Test
  void inAContainerAnIdleModelIsClosedForAnother() throws Exception {
    long two = need(ONE).plus(need(TWO)).usual();
    restart(
        new ModelMemory(0, Duration.ZERO, new ModelMemory.Container(two + (111L << 20), () -> 0)));
    use(ONE);
    use(TWO);
    use(THREE);
    assertThat(state(ONE.name())).isEqualTo(State.CLOSED);
    assertThat(state(THREE.name())).isEqualTo(State.READY);
  }

  @Test
  void allModelsThatAreToStayAreKept() throws Exception {
    restart(new ModelMemory(need(ONE).most() + need(TWO).most(), Duration.ZERO));
    engines.keepOpen(List.of(ONE, TWO));
    awaitState(ONE, State.READY);
    awaitState(TWO, State.READY);

    assertThatThrownBy(() -> engines.acquire(THREE)).isInstanceOf(ModelFailure.class);
    assertThat(state(ONE.name())).isEqualTo(State.READY);
    assertThat(state(TWO.name())).isEqualTo(State.READY);
  }

  @Test
  void aModelThatCanNeverFitFailsAndSaysSo() throws Exception {
    restart(new ModelMemory(need(ONE).most() + 1, Duration.ZERO));
    engines.keepOpen(List.of(ONE));
    awaitState(ONE, State.READY);

    assertThatThrownBy(() -> engines.acquire(THREE))
        .isInstanceOf(ModelFailure.class)
        .hasMessageContaining("beside the default models'")
        .hasMessageContaining("model.max-memory-gb");
    assertThat(state("three")).isEqualTo(State.FAILED);
    use(ONE);
  }

  @Test
  void aDirectoryGivesTheVectorsOfTheModelInside() throws Exception {
    ModelFolders.miniLm(models, "mine");
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    restart(UNLIMITED);

    try (Use mine = engines.acquire(catalogue.find("mine").orElseThrow()).orElseThrow();
        Use inside = engines.acquire(ONE).orElseThrow()) {
      assertThat(embed(mine)).containsExactly(embed(inside));
    }
  }

  @Test
  void changedFilesOpenAnewAndTheOldModelEndsWithItsLastUse() throws Exception {
    Path folder = ModelFolders.miniLm(models, "mine");
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    restart(UNLIMITED);
    ModelSpec before = catalogue.find("mine").orElseThrow();
    try (Use old = engines.acquire(before).orElseThrow()) {
      Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 16}");
      Await.until(
          "the change is seen",
          LIMIT,
          () -> {
            catalogue.rescan();
            return !catalogue.find("mine").orElseThrow().equals(before);
          });
      try (Use next = engines.acquire(catalogue.find("mine").orElseThrow()).orElseThrow()) {
        assertThat(next.engine(EmbeddingEngine.class).tokenizer().maxTokens()).isEqualTo(16);
        assertThat(old.engine(EmbeddingEngine.class).tokenizer().maxTokens()).isEqualTo(256);
        assertThat(embed(old)).containsExactly(embed(next));
      }
    }
  }

  @Test
  void brokenModelsAreReportedWithoutThisMachinesPathsAndHarmNoOther() throws Exception {
    ModelFolders.tiny(
        models, "operator", TinyModel.words().node("Fancy", "x", "words").output("x", 3));
    Files.writeString(
        ModelFolders.tiny(models, "parts", TinyModel.quick()).resolve("tokenizer.json"),
        "{\"model\": {}}");
    Files.writeString(
        ModelFolders.tiny(models, "size", TinyModel.quick()).resolve("config.json"),
        "{\"hidden_size\": 99}");
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    restart(UNLIMITED);

    for (String name : List.of("operator", "parts", "size")) {
      ModelSpec spec = catalogue.find(name).orElseThrow();
      assertThatThrownBy(() -> engines.acquire(spec)).as(name).isInstanceOf(ModelFailure.class);
      assertThat(catalogue.find(name)).as(name).isEmpty();
      assertThat(catalogue.broken().get(name)).as(name).doesNotContain(models.toString());
      assertThat(state(name)).isEqualTo(State.FAILED);
    }
    assertThat(catalogue.broken().get("operator")).contains("Fancy");
    assertThat(catalogue.broken().get("size")).contains("99");
    use(ONE);
    assertThat(refusal("size")).contains("model size cannot be used: ", "99");
  }

  private Outcome run(String model) throws Exception {
    try (TokenizerThreads threads = new TokenizerThreads(1)) {
      return TestEmbeddings.handler(engines, threads)
          .run(TestTasks.task(new Lane("embedding", model), "\"x\"", 0), report -> {});
    }
  }

  /** Why a task for the model is ended at once. */
  private String refusal(String model) throws Exception {
    Outcome outcome = run(model);
    assertThat(outcome).isInstanceOf(Outcome.Reject.class);
    TaskError error = ((Outcome.Reject) outcome).error();
    assertThat(error.code()).isEqualTo(TaskError.Code.MODEL_NOT_FOUND);
    return error.message();
  }

  /** The local backend, with trouble that comes and goes. */
  private static final class Troubled extends AroundLocal {
    private final Queue<Exception> troubles = new ConcurrentLinkedQueue<>();
    private final AtomicInteger opened = new AtomicInteger();

    @Override
    void before() throws Exception {
      opened.incrementAndGet();
      Exception trouble = troubles.poll();
      if (trouble != null) {
        throw trouble;
      }
    }
  }

  private Troubled troubled() {
    var backend = new Troubled();
    engines.close();
    engines =
        new ModelEngines(
            catalogue,
            UNLIMITED,
            new Backends(Backends.BUILT_IN.kinds(), List.of(backend)),
            TestModels.parts(data),
            nanos::get);
    return backend;
  }

  @Test
  void aModelThatCanNeverOpenIsTriedOnceAndItsTasksEndAtOnceWithTheReason() throws Exception {
    ModelFolders.tiny(
        models, "operator", TinyModel.words().node("Fancy", "x", "words").output("x", 3));
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    Troubled backend = troubled();
    var logger = (Logger) LoggerFactory.getLogger("dev.penstock");
    var log = new ListAppender<ILoggingEvent>();
    log.start();
    logger.addAppender(log);
    try {
      for (int task = 0; task < 5; task++) {
        assertThat(refusal("operator")).contains("model operator cannot be used: ", "Fancy");
        catalogue.rescan();
      }
    } finally {
      logger.detachAppender(log);
    }

    assertThat(backend.opened).hasValue(1);
    assertThat(log.list.stream().filter(line -> line.getFormattedMessage().contains("Fancy")))
        .hasSize(1);
    assertThat(catalogue.all()).extracting(ModelSpec::name).doesNotContain("operator");
  }

  @Test
  void aModelThatFailedForWantOfMemoryOpensWithTheNextTask() throws Exception {
    ModelFolders.tiny(models, "mine", TinyModel.quick());
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    Troubled backend = troubled();
    backend.troubles.add(new CannotOpenModel(new IOException("Failed to allocate memory"), true));
    backend.troubles.add(new IOException("Input/output error"));

    assertThat(run("mine")).isInstanceOf(Outcome.Retry.class);
    assertThat(run("mine")).isInstanceOf(Outcome.Retry.class);
    assertThat(run("mine")).isInstanceOf(Outcome.Done.class);
    assertThat(catalogue.broken()).isEmpty();
  }

  @Test
  void aModelIsNotOpenedWhileItsFilesAreBeingWritten() throws Exception {
    Path file = ModelFolders.tiny(models, "mine", TinyModel.quick()).resolve("onnx/model.onnx");
    byte[] whole = Files.readAllBytes(file);
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    Troubled backend = troubled();
    assertThat(catalogue.find("mine")).isPresent();

    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThat(run("mine")).isInstanceOf(Outcome.Postpone.class);
    assertThat(run("mine")).isInstanceOf(Outcome.Postpone.class);
    assertThat(backend.opened).hasValue(0);
    assertThat(catalogue.broken()).isEmpty();

    Files.write(file, whole);
    Await.until(
        "it is open once its files rest",
        LIMIT,
        () -> {
          catalogue.rescan();
          return run("mine") instanceof Outcome.Done;
        });
    assertThat(backend.opened).hasValue(1);
  }

  @Test
  void aModelThatIsMendedIsTriedAgain() throws Exception {
    Path folder =
        ModelFolders.tiny(
            models, "mine", TinyModel.words().node("Fancy", "x", "words").output("x", 3));
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    restart(UNLIMITED);
    assertThat(refusal("mine")).contains("Fancy");

    TinyModel.quick().write(folder.resolve("onnx/model.onnx"));

    Await.until(
        "it works",
        LIMIT,
        () -> {
          catalogue.rescan();
          return run("mine") instanceof Outcome.Done;
        });
  }

  @Test
  void tasksOfAModelThatIsTooLargeEndAtOnceWithTheReason() throws Exception {
    restart(new ModelMemory(1, Duration.ZERO));

    assertThat(refusal("three")).contains("model three cannot be used: it needs about");
    assertThat(catalogue.find("three")).isEmpty();
    assertThat(state("three")).isEqualTo(State.FAILED);
  }
}
