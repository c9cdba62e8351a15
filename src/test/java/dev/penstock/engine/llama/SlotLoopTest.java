package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.engine.llama.Ending.Cause;
import dev.penstock.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Texts that a real model makes, alone and side by side. */
final class SlotLoopTest {
  private static final List<Integer> BEGIN = List.of(Stories.BEGIN);
  private static final int ENDLESS = 100_000;

  private final Map<Long, GenerationListener> listeners = new ConcurrentHashMap<>();
  private final AtomicReference<Throwable> broken = new AtomicReference<>();

  private LlamaModel model;
  private LlamaContext context;
  private SlotLoop loop;
  private Thread thread;
  private long numbers;

  @BeforeEach
  void open() throws Exception {
    model = LlamaModel.open(Stories.loaded(), Stories.file(), 0, _ -> {});
    open(Stories.plan());
  }

  private void open(ModelPlan plan) throws Exception {
    context = LlamaContext.open(model, plan);
    loop = new SlotLoop(context, listeners::get);
    thread = Thread.ofPlatform().start(this::run);
  }

  private void run() {
    try {
      loop.run();
    } catch (Throwable e) {
      broken.set(e);
    }
  }

  @AfterEach
  void close() throws Exception {
    end();
    model.close();
    assertThat(broken.get()).isNull();
  }

  private void end() throws InterruptedException {
    loop.close();
    thread.join();
    context.close();
  }

  private Heard submit(List<Integer> prompt, int most, Sampling sampling) {
    return submit(prompt, List.of(), most, sampling, List.of());
  }

  private Heard submit(
      List<Integer> prompt, List<Integer> before, int most, Sampling how, List<String> stops) {
    var heard = new Heard();
    listeners.put(++numbers, heard);
    loop.submit(new Generation(numbers, prompt, before, most, how, stops));
    return heard;
  }

  private List<Integer> prompt(String text) throws Exception {
    return IntStream.of(model.tokenise(text, true, false)).boxed().toList();
  }

  @Test
  void theBestTokensAreTheOnesThatTheModelsAuthorPublished() throws Exception {
    Heard heard = submit(BEGIN, 200, Sampling.GREEDY);
    assertThat(heard.awaitEnd().cause()).isEqualTo(Cause.LENGTH);
    assertThat(heard.tokens()).isEqualTo(Stories.GREEDY);
    assertThat(heard.text())
        .startsWith(" Once upon a time, there was a little girl named Lily.")
        .endsWith("Lily didn't want to help her mom, so she");
    assertThat(new ForwardPass(Stories.file()).greedy(BEGIN, 200)).isEqualTo(Stories.GREEDY);
    open(Stories.rounded(), this::end);
    List<Heard> company =
        IntStream.range(0, 4).mapToObj(_ -> submit(BEGIN, 200, Sampling.GREEDY)).toList();
    for (Heard each : company) {
      each.awaitEnd();
      assertThat(each.tokens()).isEqualTo(Stories.GREEDY);
    }
  }

  @Test
  void textsInCompanyAreTheOnesThatAnotherProgramMakesAlone() throws Exception {
    List<List<Integer>> prompts =
        List.of(
            BEGIN,
            prompt("The dog was sad because"),
            prompt("Tim had a big red ball. One day"),
            prompt("Anna and Ben went to the park to play with their new kite. They"));
    List<Heard> company = new ArrayList<>();
    for (List<Integer> prompt : prompts) {
      company.add(submit(prompt, 150, Sampling.GREEDY));
    }
    var pass = new ForwardPass(Stories.file());
    for (int i = 0; i < prompts.size(); i++) {
      company.get(i).awaitEnd();
      assertThat(company.get(i).tokens()).isEqualTo(pass.greedy(prompts.get(i), 150));
    }
  }

  @Test
  void moreTextsThanSlotsTakeTurns() throws Exception {
    List<Heard> all =
        IntStream.range(0, 11).mapToObj(i -> submit(BEGIN, 20 + i, Sampling.GREEDY)).toList();
    for (int i = 0; i < all.size(); i++) {
      all.get(i).awaitEnd();
      assertThat(all.get(i).tokens()).isEqualTo(Stories.GREEDY.subList(0, 20 + i));
    }
  }

  @Test
  void aSeedMakesTheSameTextAloneAndInCompany() throws Exception {
    List<Integer> prompt = prompt("One day");
    var alone = new ArrayList<List<Integer>>();
    for (long seed = 1; seed <= 4; seed++) {
      Heard heard = submit(prompt, 120, Sampling.seeded(1, seed));
      heard.awaitEnd();
      alone.add(heard.tokens());
    }
    assertThat(alone).as("each seed has its own text").doesNotHaveDuplicates();
    List<Heard> company =
        LongStream.rangeClosed(1, 4)
            .mapToObj(seed -> submit(prompt, 120, Sampling.seeded(1, seed)))
            .toList();
    for (int i = 0; i < 4; i++) {
      company.get(i).awaitEnd();
      assertThat(company.get(i).tokens()).isEqualTo(alone.get(i));
    }
  }

  @Test
  void aTextThatWasInterruptedGoesOnAsIfItHadNotBeen() throws Exception {
    var how = new Sampling(0.9f, 40, 0.95f, 0.01f, 0.3f, 0.2f, Map.of(410, -2f), 77, 3);
    List<String> stops = List.of("never said");
    Heard whole = submit(BEGIN, List.of(), 100, how, stops);
    Ending ending = whole.awaitEnd();
    List<Integer> half = whole.tokens().subList(0, whole.tokens().size() / 2);
    Heard rest = submit(BEGIN, half, 100, how, stops);
    assertThat(rest.awaitEnd()).isEqualTo(ending);
    assertThat(rest.tokens()).isEqualTo(whole.tokens().subList(half.size(), whole.tokens().size()));
    assertThat(whole.text()).endsWith(rest.text());
    assertThat(submit(BEGIN, Stories.GREEDY, 200, Sampling.GREEDY, List.of()).awaitEnd().cause())
        .as("it had all its tokens")
        .isEqualTo(Cause.LENGTH);
  }

  @Test
  void aStopStringEndsTheTextBeforeIt() throws Exception {
    Heard heard =
        submit(BEGIN, List.of(), 200, Sampling.GREEDY, List.of("big, blue", "girl named", "park"));
    assertThat(heard.awaitEnd()).isEqualTo(Ending.of(Cause.STOP, ""));
    assertThat(heard.text()).isEqualTo(" Once upon a time, there was a little ");
    Heard held = submit(BEGIN, List.of(), 5, Sampling.GREEDY, List.of(" time, and then"));
    assertThat(held.awaitEnd().cause()).isEqualTo(Cause.LENGTH);
    assertThat(held.text()).as("what was held back comes at the end").endsWith(" time,");
  }

  @Test
  void aCancelledTextEndsBeforeTheNextStepAndItsSlotIsFree() throws Exception {
    open(Stories.plan(1, 8), this::end);
    var first = new Heard();
    listeners.put(
        1L,
        new GenerationListener() {
          @Override
          public void piece(int token, String text) {
            first.piece(token, text);
            if (first.tokens().size() == 10) {
              loop.cancel(1);
            }
          }

          @Override
          public void ended(Ending ending) {
            first.ended(ending);
          }
        });
    numbers = 1;
    loop.submit(new Generation(1, BEGIN, ENDLESS, Sampling.GREEDY));
    Heard second = submit(BEGIN, 20, Sampling.GREEDY);
    Heard third = submit(BEGIN, 20, Sampling.GREEDY);
    loop.cancel(3);
    assertThat(first.awaitEnd().cause()).isEqualTo(Cause.CANCELLED);
    assertThat(first.tokens()).isEqualTo(Stories.GREEDY.subList(0, 10));
    assertThat(third.awaitEnd().cause()).isEqualTo(Cause.CANCELLED);
    assertThat(third.tokens()).as("it waited").isEmpty();
    second.awaitEnd();
    assertThat(second.tokens()).isEqualTo(Stories.GREEDY.subList(0, 20));
  }

  private interface Closing {
    void close() throws Exception;
  }

  private void open(ModelPlan plan, Closing before) throws Exception {
    before.close();
    open(plan);
  }

  @Test
  void aLongPromptIsReadInPartsWhileOthersGoOn() throws Exception {
    open(Stories.plan(2, 8), this::end);
    List<Integer> prompt = new ArrayList<>(BEGIN);
    prompt.addAll(Stories.GREEDY.subList(0, 150));
    Heard quick = submit(BEGIN, 100, Sampling.GREEDY);
    Heard slow = submit(prompt, 50, Sampling.GREEDY);
    quick.awaitEnd();
    slow.awaitEnd();
    assertThat(quick.tokens()).isEqualTo(Stories.GREEDY.subList(0, 100));
    assertThat(slow.tokens()).isEqualTo(Stories.GREEDY.subList(150, 200));
    assertThat(loop.health().steps()).as("they shared the steps").isLessThan(130);
  }

  @Test
  void aFullSlotEndsItsText() throws Exception {
    Map<Integer, Float> never = Map.of(2, -1_000f, Stories.BEGIN, -1_000f);
    Heard heard = submit(BEGIN, ENDLESS, new Sampling(0, 0, 1, 0, 0, 0, never, 0, 0));
    assertThat(heard.awaitEnd().cause()).isEqualTo(Cause.LENGTH);
    assertThat(heard.tokens()).hasSize(Stories.CONTEXT);
  }

  @Test
  void whatCannotBeMadeFailsAlone() throws Exception {
    Heard good = submit(BEGIN, 200, Sampling.GREEDY);
    Heard tooLong = submit(Collections.nCopies(513, 5), 1, Sampling.GREEDY);
    Heard noToken = submit(List.of(1, 99_999), 1, Sampling.GREEDY);
    Heard below = submit(List.of(-1), 1, Sampling.GREEDY);
    Heard earlier = submit(BEGIN, List.of(512), 5, Sampling.GREEDY, List.of());
    Heard bias = submit(BEGIN, 5, new Sampling(0, 0, 1, 0, 0, 0, Map.of(512, 1f), 0, 0));
    assertThat(tooLong.awaitEnd())
        .isEqualTo(Ending.failed("513 tokens do not fit into a context of 512"));
    assertThat(noToken.awaitEnd())
        .isEqualTo(Ending.failed("99999 is no token of the model: they go from 0 to 511"));
    for (Heard each : List.of(below, earlier, bias)) {
      assertThat(each.awaitEnd().cause()).isEqualTo(Cause.FAILED);
    }
    good.awaitEnd();
    assertThat(good.tokens()).isEqualTo(Stories.GREEDY);
    assertThatThrownBy(() -> new Generation(1, List.of(), 1, Sampling.GREEDY))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void howLongAStepTakesIsSeen() throws Exception {
    assertThat(loop.health()).isEqualTo(new SlotLoop.Health(0, 0));
    Heard heard = submit(BEGIN, 50, Sampling.GREEDY);
    Await.until("a step runs", Duration.ofSeconds(30), () -> loop.health().steps() > 0);
    heard.awaitEnd();
    Await.until("none runs", Duration.ofSeconds(30), () -> loop.health().stepNanos() == 0);
    assertThat(loop.health().steps()).isEqualTo(50);
  }

  @Test
  void aSlotsTextCanBeGivenToAnother() throws Exception {
    end();
    context = LlamaContext.open(model, Stories.plan(2, 16));
    try {
      float[] scores = new float[model.tokens()];
      int at = context.add(0, Stories.BEGIN, true);
      context.step();
      context.scores(at, scores);
      context.copy(0, 1);
      int first = context.add(0, Stories.GREEDY.get(0), true);
      int second = context.add(1, Stories.GREEDY.get(0), true);
      context.step();
      float[] own = new float[model.tokens()];
      float[] copied = new float[model.tokens()];
      context.scores(first, own);
      context.scores(second, copied);
      assertThat(copied).isEqualTo(own);
      assertThatThrownBy(() -> context.copy(0, 1)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> context.scores(5, own)).isInstanceOf(IllegalArgumentException.class);
    } finally {
      context.close();
      open(Stories.plan());
    }
  }

  @Test
  void aStepTakesNoMoreThanItHasRoomFor() throws Exception {
    end();
    context = LlamaContext.open(model, Stories.plan(1, 4));
    for (int i = 0; i < 4; i++) {
      context.add(0, 5, false);
    }
    assertThat(context.free()).isZero();
    assertThatThrownBy(() -> context.add(0, 5, false)).isInstanceOf(IllegalStateException.class);
    context.close();
    open(Stories.plan());
  }
}
