package dev.penstock.types.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.engine.EmbeddingEngine;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.TestModels;
import dev.penstock.engine.TokenizerThreads;
import dev.penstock.engine.UpcomingTokens;
import dev.penstock.metrics.Meters;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.TokenIds;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelFiles;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.testing.Await;
import dev.penstock.types.embedding.EmbeddingSettings.Cutting;
import dev.penstock.worker.TestTasks;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddingHandlerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TEXT = "a text of a few words, as many have";
  private static final ModelSpec STRICT =
      TestModels.named(
          "strict", TestModels.with(TestModels.MINILM, Truncation.ERROR, TokenIds.OWN));
  private static final ModelSpec TEXTS_ONLY =
      TestModels.named(
          "texts", TestModels.with(TestModels.MINILM, Truncation.END, TokenIds.REJECT));
  private static final ModelSpec BROKEN =
      new ModelSpec(
          "broken",
          List.of(),
          TEXTS_ONLY.traits(),
          List.of(
              new ModelFiles.Resources(
                  "all-minilm-l6-v2-tokenizer.json", "all-minilm-l6-v2-tokenizer.json")));

  @TempDir static Path data;

  private final List<Progress> reports = Collections.synchronizedList(new ArrayList<>());
  private final TokenizerThreads threads = new TokenizerThreads(2);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private ModelEngines engines;
  private EmbeddingHandler handler;

  @BeforeAll
  void open() {
    engines = engines();
    handler = new EmbeddingHandler(engines, threads, new VectorCache(0));
  }

  @AfterAll
  void close() {
    engines.close();
    threads.close();
  }

  @Test
  void oneTextOrManyInAnyFormGiveTheSameVectors() throws Exception {
    EmbeddingOutput bare = done("all-minilm-l6-v2", "\"hello world\"");
    assertThat(bare.count()).isEqualTo(1);
    assertThat(bare.dimensions()).isEqualTo(384);
    assertThat(bare.promptTokens()).isEqualTo(4);
    assertThat(bare.truncated()).isZero();

    for (String input :
        List.of(
            "[\"hello world\"]",
            "{\"input\":\"hello world\"}",
            "{\"input\":[\"hello world\"],\"dimensions\":8,\"encoding_format\":\"base64\"}",
            "{\"input\":[15339,1917]}",
            "{\"input\":[[15339,1917]],\"truncate\":\"error\",\"input_type\":null}",
            "{\"input\":[15339,1917],\"truncate\":\"NONE\",\"dimensions\":128.0}",
            "{\"input\":\"hello world\",\"truncate\":true}",
            "{\"input\":\"hello world\",\"truncate\":\"START\"}")) {
      assertThat(done("all-minilm-l6-v2", input).vector(0))
          .as(input)
          .containsExactly(bare.vector(0));
    }
    assertThat(done("strict", "{\"input\":[7592,2088]}").vector(0)).containsExactly(bare.vector(0));
  }

  @Test
  void itIsFreeForShortWorkOfAnOpenModel() throws Exception {
    assertThat(free(texts("no-such-model", 1))).isFalse();
    done("all-minilm-l6-v2", "\"opens it\"");
    assertThat(free(texts("all-minilm-l6-v2", 1))).isTrue();
    assertThat(free(texts("all-minilm-l6-v2", 1_000_000))).as("takes long").isFalse();
    assertThat(free(texts("texts", 1))).as("is not open").isFalse();
  }

  @Test
  void itIsNotFreeWhileMuchIsOnItsWayToTheModel() throws Exception {
    done("all-minilm-l6-v2", "\"opens it\"");
    RunNow request = texts("all-minilm-l6-v2", 1);
    try (ModelEngines.Use use =
        engines
            .acquire(engines.find("all-minilm-l6-v2", EmbeddingTraits.KIND).orElseThrow())
            .orElseThrow()) {
      Priority priority = request.spec().priority();
      UpcomingTokens.Arrival coming =
          use.engine(EmbeddingEngine.class).announce(priority, 1_000_000);
      assertThat(free(request)).isFalse();
      coming.close();
      assertThat(free(request)).isTrue();
    }
  }

  @Test
  void workThatIsNoTaskGivesTheSameVectors() throws Exception {
    EmbeddingOutput task = done("all-minilm-l6-v2", JSON.writeValueAsString(TEXT));
    var outcome = (Outcome.Done) run(handler, texts("all-minilm-l6-v2", 1));
    assertThat(outcome.output().bytes()).isEqualTo(task.toOutput().bytes());
  }

  @Test
  void whatItHasRunItKnowsWithoutTheModel() throws Exception {
    var keeping = new EmbeddingHandler(engines, threads, new VectorCache(1 << 20));
    RunNow request = texts("all-minilm-l6-v2", 1);
    assertThat(known(keeping, request)).isInstanceOf(Outcome.Postpone.class);
    var ran = (Outcome.Done) run(keeping, request);
    var known = (Outcome.Done) known(keeping, request);
    assertThat(known.output().bytes()).isEqualTo(ran.output().bytes());
    assertThat(known(keeping, texts("all-minilm-l6-v2", 5)))
        .as("many are not looked for")
        .isInstanceOf(Outcome.Postpone.class);
    var ids = new EmbeddingItems.TokenIds(List.of(new int[] {15_339, 1_917}));
    assertThat(
            known(
                keeping,
                new RunNow(
                    request.spec(), new EmbeddingWork(ids, null, null), Duration.ofMinutes(1))))
        .as("nor token ids")
        .isInstanceOf(Outcome.Postpone.class);
    assertThat(known(keeping, texts("texts", 1)))
        .as("a model that is not open")
        .isInstanceOf(Outcome.Postpone.class);
    assertThat(known(keeping, texts("no-such-model", 1))).isInstanceOf(Outcome.Postpone.class);
  }

  private boolean free(RunNow request) {
    return handler.free(request.spec(), request.input());
  }

  private static Outcome run(EmbeddingHandler handler, RunNow request) throws Exception {
    return handler.run(request.spec(), request.input(), progress -> {}, () -> {});
  }

  private static Outcome known(EmbeddingHandler handler, RunNow request) throws Exception {
    return handler.known(request.spec(), request.input());
  }

  private static RunNow texts(String model, int count) {
    var items = new EmbeddingItems.Texts(Collections.nCopies(count, TEXT));
    return new RunNow(
        TestTasks.task(new Lane("embedding", model), "", 0).spec(),
        new EmbeddingWork(items, null, null),
        Duration.ofMinutes(1));
  }

  @Test
  void vectorsComeInTheOrderOfTheTextsAndProgressIsTold() throws Exception {
    reports.clear();
    List<String> texts = TestModels.variedTexts();
    EmbeddingOutput all = done("all-minilm-l6-v2-q", JSON.writeValueAsString(texts));

    assertThat(all.count()).isEqualTo(200);
    for (int i = 0; i < 200; i += 37) {
      String one = JSON.writeValueAsString(texts.get(i));
      float[] alone = done("all-minilm-l6-v2-q", one).vector(0);
      assertThat(TestModels.cosine(all.vector(i), alone)).isGreaterThan(0.95);
    }
    assertThat(reports).allMatch(progress -> progress.total() == 200);
  }

  @Test
  void aPrefixGoesBeforeTheTexts() throws Exception {
    String prefix = EmbeddingTraits.of(TestModels.BGE_Q).prefixes().get("query");
    EmbeddingOutput query =
        done("bge-small-en-v1.5-q", "{\"input\":\"what is a gate?\",\"input_type\":\"query\"}");
    EmbeddingOutput text =
        done("bge-small-en-v1.5-q", JSON.writeValueAsString(prefix + "what is a gate?"));

    assertThat(query.vector(0)).containsExactly(text.vector(0));
    EmbeddingOutput bare = done("bge-small-en-v1.5-q", "\"what is a gate?\"");
    for (String type : List.of("document", "passage")) {
      String input = "{\"input\":\"what is a gate?\",\"input_type\":\"" + type + "\"}";
      assertThat(done("bge-small-en-v1.5-q", input).vector(0)).containsExactly(bare.vector(0));
    }
    assertThat(error(run("bge-small-en-v1.5-q", "{\"input\":\"x\",\"input_type\":\"no\"}")))
        .isEqualTo(TaskError.Code.INVALID_INPUT);
  }

  @Test
  void aLongTextIsCutOrRefusedAsAsked() throws Exception {
    String text = "word ".repeat(400).strip();
    EmbeddingOutput cut = done("all-minilm-l6-v2-q", "[\"short\",\"" + text + "\"]");
    assertThat(cut.truncated()).isEqualTo(1);
    assertThat(cut.promptTokens()).isEqualTo(3 + 256);

    Outcome refused =
        run("all-minilm-l6-v2-q", "{\"input\":[\"ok\",\"" + text + "\"],\"truncate\":\"error\"}");
    assertThat(error(refused)).isEqualTo(TaskError.Code.CONTEXT_LENGTH_EXCEEDED);
    assertThat(((Outcome.Reject) refused).error().message()).contains("256").contains("402");
    assertThat(error(run("strict", "\"" + text + "\"")))
        .isEqualTo(TaskError.Code.CONTEXT_LENGTH_EXCEEDED);
    assertThat(done("strict", "{\"input\":\"" + text + "\",\"truncate\":\"end\"}").truncated())
        .isEqualTo(1);
  }

  @Test
  void whatHappensToALongTextCanBeSetForAllModels() throws Exception {
    String text = "word ".repeat(400).strip();
    Meters meters = new Meters(registry);
    for (Cutting cutting : List.of(Cutting.ERROR, Cutting.END)) {
      var set =
          new EmbeddingHandler(engines, threads, new VectorCache(0), cutting, new CutTexts(meters));
      for (String model : List.of("all-minilm-l6-v2-q", "strict")) {
        Task task = task(model, "\"" + text + "\"");
        Outcome outcome = set.run(task, reports::add);
        if (cutting == Cutting.ERROR) {
          assertThat(error(outcome)).isEqualTo(TaskError.Code.CONTEXT_LENGTH_EXCEEDED);
        } else {
          assertThat(outcome).isInstanceOf(Outcome.Done.class);
        }
      }
      Task asked = task("strict", "{\"input\":\"" + text + "\",\"truncate\":\"end\"}");
      assertThat(set.run(asked, reports::add)).isInstanceOf(Outcome.Done.class);
    }
    assertThat(cut("all-minilm-l6-v2-q")).isEqualTo(1);
    assertThat(cut("strict")).as("each text that was cut is counted").isEqualTo(3);
  }

  private double cut(String model) {
    return registry.get("penstock.texts.cut").tag("lane", "embedding." + model).counter().count();
  }

  @Test
  void tokenIdsOfFortyMillionSpacesAreAnEmptyText() throws Exception {
    int[] spaces = new int[EmbeddingItems.MAX_TOKENS];
    Arrays.fill(spaces, 58_040); // 128 of them each
    EmbeddingOutput empty = done("all-minilm-l6-v2", JSON.writeValueAsString(spaces));
    assertThat(empty.promptTokens()).isEqualTo(2);
    assertThat(empty.truncated()).isZero();
    assertThat(empty.vector(0)).containsExactly(done("all-minilm-l6-v2", "\" \"").vector(0));
    spaces[spaces.length - 1] = 15_339;
    EmbeddingOutput late = done("all-minilm-l6-v2", JSON.writeValueAsString(spaces));
    assertThat(late.vector(0)).containsExactly(done("all-minilm-l6-v2", "\"hello\"").vector(0));
  }

  @Test
  void badInputIsRejected() throws Exception {
    String tooMany = JSON.writeValueAsString(Collections.nCopies(2_049, "x"));
    for (String input :
        List.of(
            "",
            "{",
            "null",
            "7",
            "{}",
            "[]",
            "\"\"",
            "[\"\"]",
            "[\"a\",\"\"]",
            "[\"a\",1]",
            "[1,\"a\"]",
            "[[]]",
            "[[1],\"a\"]",
            "[[1],[]]",
            "[-1]",
            "[1.5]",
            "[99999999999]",
            "[2000000]",
            "[true]",
            "[null]",
            "{\"input\":{\"a\":1}}",
            "{\"input\":\"a\",\"dimensions\":0}",
            "{\"input\":\"a\",\"dimensions\":385}",
            "{\"input\":\"a\",\"dimensions\":1.5}",
            "{\"input\":\"a\",\"encoding_format\":\"hex\"}",
            "{\"input\":\"a\",\"truncate\":1}",
            "{\"input\":\"a\",\"truncate\":\"End\"}",
            tooMany)) {
      assertThat(error(run("all-minilm-l6-v2", input)))
          .as(input)
          .isEqualTo(TaskError.Code.INVALID_INPUT);
    }
    assertThat(error(run("texts", "[1,2]"))).isEqualTo(TaskError.Code.INVALID_INPUT);
    assertThat(error(run("strict", "[30522]"))).isEqualTo(TaskError.Code.INVALID_INPUT);
  }

  @Test
  void moreTokensThanARequestMayHaveAreRejected() throws Exception {
    String text = "word ".repeat(500);
    String input = JSON.writeValueAsString(Collections.nCopies(1_200, text));

    assertThat(error(run("all-minilm-l6-v2-q", input))).isEqualTo(TaskError.Code.INVALID_INPUT);
  }

  @Test
  void anUnknownModelIsRejected() throws Exception {
    assertThat(error(run("no-such-model", "\"x\""))).isEqualTo(TaskError.Code.MODEL_NOT_FOUND);
  }

  @Test
  void aModelThatCannotBeOpenedIsTriedAgainLaterAndShows() throws Exception {
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThat(run("broken", "\"x\""))
          .isInstanceOfSatisfying(
              Outcome.Retry.class,
              retry -> {
                assertThat(retry.error().code()).isEqualTo(TaskError.Code.INFERENCE_FAILED);
                assertThat(retry.error().message()).startsWith("model broken: ");
              });
    }
    assertThat(engines.status())
        .filteredOn(status -> status.model().equals("broken"))
        .singleElement()
        .satisfies(status -> {
          assertThat(status.state()).isEqualTo(EngineStatus.State.FAILED);
          assertThat(status.message()).startsWith("model broken: ");
        });
  }

  @Test
  void statusNamesEveryModelAndWhatItRunsOn() throws Exception {
    done("all-minilm-l6-v2", "\"x\"");

    assertThat(engines.status()).hasSize(6);
    assertThat(engines.status().getFirst())
        .satisfies(status -> {
          assertThat(status.state()).isEqualTo(EngineStatus.State.READY);
          assertThat(status.device()).isEqualTo("cpu");
          assertThat(status.tokenBudget()).isEqualTo(512);
        });
  }

  @Test
  void anInterruptTakesTheWorkOut() throws Exception {
    done("all-minilm-l6-v2", "\"x\"");
    String many = JSON.writeValueAsString(Collections.nCopies(1_000, "many words ".repeat(60)));
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                run("all-minilm-l6-v2", many);
                interrupted.complete(false);
              } catch (InterruptedException e) {
                interrupted.complete(true);
              }
            });
    await(() -> waiting() > 0);
    thread.interrupt();

    assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
    await(() -> waiting() == 0);
  }

  @Test
  void aModelThatIsStoppingGivesItsWorkBack() throws Exception {
    ModelEngines own = engines();
    EmbeddingHandler stopping = new EmbeddingHandler(own, threads, new VectorCache(0));
    String many = JSON.writeValueAsString(Collections.nCopies(1_000, "many words ".repeat(60)));
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            outcome.complete(stopping.run(task("all-minilm-l6-v2-q", many), reports::add));
          } catch (InterruptedException e) {
            outcome.completeExceptionally(e);
          }
        });
    await(() -> own.status().stream().mapToLong(EngineStatus::waitingTokens).sum() > 0);
    own.close();

    assertThat(outcome.get(10, TimeUnit.SECONDS)).isInstanceOf(Outcome.Postpone.class);
    assertThat(stopping.run(task("all-minilm-l6-v2-q", "\"x\""), reports::add))
        .isInstanceOf(Outcome.Postpone.class);
  }

  private long waiting() {
    return engines.status().getFirst().waitingTokens();
  }

  private EmbeddingOutput done(String model, String input) throws InterruptedException {
    Outcome outcome = run(model, input);
    assertThat(outcome).as(input).isInstanceOf(Outcome.Done.class);
    return EmbeddingOutput.of(((Outcome.Done) outcome).output());
  }

  private Outcome run(String model, String input) throws InterruptedException {
    return handler.run(task(model, input), reports::add);
  }

  private ModelEngines engines() {
    return TestModels.engines(
        List.of(
            TestModels.MINILM, TestModels.MINILM_Q, TestModels.BGE_Q, STRICT, TEXTS_ONLY, BROKEN),
        data);
  }

  private static Task task(String model, String input) {
    return TestTasks.task(new Lane("embedding", model), input, 0);
  }

  private static TaskError.Code error(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Reject.class);
    return ((Outcome.Reject) outcome).error().code();
  }

  private static void await(BooleanSupplier condition) throws Exception {
    Await.until("what the test waits for", Duration.ofSeconds(10), condition::getAsBoolean);
  }
}
