package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.engine.llama.Ending.Cause;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.testing.Await;
import dev.penstock.testing.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in a child process, as a node has it. */
final class LlamaProcessTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final List<Integer> BEGIN = List.of(Stories.BEGIN);

  /** Other tests' servers. */
  private final OwnChildren own = new OwnChildren();

  private final List<String> crashed = new CopyOnWriteArrayList<>();
  private final ChildProcesses children = new ChildProcesses("dev.penstock.Main", crashed::add);
  private final LlamaProcess process = new LlamaProcess(children, LlamaProcess.Patience.USUAL);

  private Path library;

  @BeforeEach
  void fetch() throws Exception {
    library = Stories.library();
  }

  @AfterEach
  void end() throws Exception {
    process.close();
    children.close();
    own.awaitEnd();
  }

  private long child() {
    return own.all().iterator().next();
  }

  private ModelInfo open(LlamaProcess process, ModelPlan plan) throws Exception {
    return process.open(library, null, plan, _ -> {});
  }

  private Heard generate(int most, Sampling sampling) {
    return generate(process, most, sampling);
  }

  private static Heard generate(LlamaProcess process, int most, Sampling sampling) {
    var heard = new Heard();
    process.generate(new Generation(process.number(), BEGIN, most, sampling), heard);
    return heard;
  }

  @Test
  void aChildMakesTextsAloneAndSideBySide() throws Exception {
    List<Double> progress = new CopyOnWriteArrayList<>();
    ModelInfo info = process.open(library, null, Stories.plan(), progress::add);
    assertThat(info.vocabulary()).isEqualTo(512);
    assertThat(info.slots()).isEqualTo(4);
    assertThat(progress).isSorted().last().isEqualTo(1.0);

    Heard alone = generate(200, Sampling.GREEDY);
    assertThat(alone.awaitEnd().cause()).isEqualTo(Cause.LENGTH);
    assertThat(alone.tokens()).isEqualTo(Stories.GREEDY);
    Heard seeded = generate(100, Sampling.seeded(1, 4));
    seeded.awaitEnd();

    List<Heard> company =
        IntStream.range(0, 9)
            .mapToObj(
                i -> generate(i == 4 ? 100 : 200, i == 4 ? Sampling.seeded(1, 4) : Sampling.GREEDY))
            .toList();
    for (int i = 0; i < company.size(); i++) {
      company.get(i).awaitEnd();
      assertThat(company.get(i).tokens()).isEqualTo(i == 4 ? seeded.tokens() : Stories.GREEDY);
    }
    assertThat(company.getFirst().text()).isEqualTo(alone.text());
    assertThat(process.tokenise("Once upon a time", true, false))
        .startsWith(Stories.BEGIN, Stories.GREEDY.getFirst());
    assertThat(own.all()).hasSize(1);
  }

  @Test
  void aCancelledTextEndsAndOthersGoOn() throws Exception {
    open(process, Stories.plan(1, 64));
    var first = new Heard();
    long number = process.number();
    process.generate(
        new Generation(number, BEGIN, 100_000, Sampling.seeded(1, 1)),
        new GenerationListener() {
          @Override
          public void piece(int token, String text) {
            first.piece(token, text);
            process.cancel(number);
          }

          @Override
          public void ended(Ending ending) {
            first.ended(ending);
          }
        });
    Heard second = generate(200, Sampling.GREEDY);
    assertThat(first.awaitEnd().cause()).isEqualTo(Cause.CANCELLED);
    second.awaitEnd();
    assertThat(second.tokens()).isEqualTo(Stories.GREEDY);
  }

  @Test
  void aProcessThatIsKilledIsToldOfAndItsTextsGoOnInAnother() throws Exception {
    open(process, Stories.plan());
    var heard = new Heard();
    long first = child();
    process.generate(
        new Generation(process.number(), BEGIN, 200, Sampling.GREEDY),
        new GenerationListener() {
          @Override
          public void piece(int token, String text) {
            heard.piece(token, text);
            if (heard.tokens().size() == 20) {
              ProcessHandle.of(first).ifPresent(ProcessHandle::destroyForcibly);
            }
          }

          @Override
          public void ended(Ending ending) {
            heard.ended(ending);
          }
        });
    Ending ending = heard.awaitEnd();
    assertThat(ending.cause()).isEqualTo(Cause.DIED);
    assertThat(ending.reason()).contains("child process llama", "signal 9");
    assertThat(crashed).containsExactly("llama");
    List<Integer> before = heard.tokens();
    assertThat(before).hasSizeBetween(20, 199);
    assertThat(generate(1, Sampling.GREEDY).awaitEnd()).isEqualTo(Ending.died("no model is open"));

    open(process, Stories.plan());
    var rest = new Heard();
    process.generate(
        new Generation(process.number(), BEGIN, before, 200, Sampling.GREEDY, List.of()), rest);
    rest.awaitEnd();
    assertThat(rest.tokens()).isEqualTo(Stories.GREEDY.subList(before.size(), 200));
  }

  @Test
  void aDeathWhileAModelIsOpenedIsTheReasonThatItIsNot(@TempDir Path folder) throws Exception {
    Path endless = folder.resolve("endless.gguf");
    assertThat(new ProcessBuilder("mkfifo", endless.toString()).start().waitFor()).isZero();
    CompletableFuture<ModelInfo> opening =
        CompletableFuture.supplyAsync(() -> {
          try {
            return open(process, plan(endless));
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        });
    Await.until("it is being opened", LONG, () -> maps().contains("libllama"));
    Processes.signal("KILL", child());
    assertThatThrownBy(opening::join)
        .cause()
        .isInstanceOf(LlamaFailure.class)
        .hasMessageContaining("signal 9");
    assertThat(open(process, Stories.plan()).vocabulary()).isEqualTo(512);
  }

  private String maps() throws IOException {
    Set<Long> living = own.all();
    return living.isEmpty()
        ? ""
        : Files.readString(Path.of("/proc/" + living.iterator().next() + "/maps"));
  }

  @Test
  void aDeathThatNobodyWaitedForIsFoundByTheNextText() throws Exception {
    open(process, Stories.plan());
    Processes.signal("SEGV", child());
    Await.until("the death is seen", LONG, () -> !crashed.isEmpty());
    assertThat(generate(5, Sampling.GREEDY).awaitEnd().cause()).isEqualTo(Cause.DIED);
    open(process, Stories.plan());
    Heard heard = generate(5, Sampling.GREEDY);
    heard.awaitEnd();
    assertThat(heard.tokens()).isEqualTo(Stories.GREEDY.subList(0, 5));
  }

  @Test
  void aProcessThatHangsIsEnded() throws Exception {
    var quick =
        new LlamaProcess(
            children, new LlamaProcess.Patience(Duration.ofSeconds(2), Duration.ofMinutes(1)));
    open(quick, Stories.plan());
    Processes.signal("STOP", child());
    Ending ending = generate(quick, 5, Sampling.GREEDY).awaitEnd();
    assertThat(ending.cause()).isEqualTo(Cause.DIED);
    assertThat(ending.reason()).contains("did not answer within 2 s");
    quick.close();
  }

  @Test
  void aStepThatTakesTooLongEndsTheProcess() throws Exception {
    var hasty = new LlamaProcess(children, new LlamaProcess.Patience(LONG, Duration.ZERO));
    open(hasty, Stories.plan());
    Ending ending = generate(hasty, 100_000, Sampling.seeded(1, 1)).awaitEnd();
    assertThat(ending).isEqualTo(Ending.died("the child process llama took too long for one step"));
    hasty.close();
  }

  @Test
  void filesThatAreDamagedAreRefusedAndTheProcessLives(@TempDir Path folder) throws Exception {
    byte[] good = Files.readAllBytes(Stories.file());
    Path file = folder.resolve("damaged.gguf");
    Files.write(file, new byte[100]);
    assertThatThrownBy(() -> open(process, plan(file)))
        .isInstanceOf(LlamaFailure.class)
        .message()
        .isNotBlank();
    long lives = child();
    var random = new Random(3);
    List<String> reasons = new ArrayList<>();
    while (reasons.size() < 30) {
      byte[] bad = good.clone();
      for (int i = 0; i < 8; i++) {
        bad[random.nextInt(9_000)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, bad);
      try {
        open(process, plan(file));
        break; // not every damage is seen
      } catch (LlamaFailure e) {
        reasons.add(e.reason());
      }
    }
    assertThat(reasons).isNotEmpty().allSatisfy(reason -> assertThat(reason).isNotBlank());
    assertThat(own.all()).containsExactly(lives);
    assertThat(crashed).isEmpty();
  }

  private static ModelPlan plan(Path file) {
    return new ModelPlan(file.toString(), 4, Stories.CONTEXT, 64, 1, 0, false);
  }

  @Test
  void theModelIsOpenedOnceAndAnyCodeForCpusWillDo() throws Exception {
    assertThat(process.open(library, "x64", Stories.plan(), _ -> {}).vocabulary()).isEqualTo(512);
    assertThatThrownBy(() -> open(process, Stories.plan())).hasMessage("a model is open already");
    Heard heard = generate(200, Sampling.GREEDY);
    heard.awaitEnd();
    assertThat(heard.tokens()).isEqualTo(Stories.GREEDY);
    assertThatThrownBy(() ->
            new LlamaProcess(children, LlamaProcess.Patience.USUAL)
                .open(library, "none such", Stories.plan(), _ -> {}))
        .isInstanceOf(LlamaFailure.class)
        .hasMessageContaining("none such");
  }

  @Test
  void whatRunsWhenItIsClosedEnds() throws Exception {
    open(process, Stories.plan());
    Heard heard = generate(100_000, Sampling.seeded(1, 1));
    process.close();
    assertThat(heard.awaitEnd()).isEqualTo(Ending.died("the program is stopping"));
    assertThatThrownBy(() -> open(process, Stories.plan())).hasMessage("the program is stopping");
    assertThatThrownBy(() -> process.tokenise("a", true, true)).hasMessage("no model is open");
    assertThat(crashed).isEmpty();
  }
}
