package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

final class CoalescerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final List<List<Integer>> asked = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch open = new CountDownLatch(1);

  private Coalescer<Integer, Integer> gathered(Function<List<Integer>, List<Integer>> answer) {
    return new Coalescer<>(
        questions -> {
          asked.add(questions);
          try {
            if (!open.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
              throw new IllegalStateException("still closed");
            }
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return answer.apply(questions);
        },
        _ -> 1,
        LIMIT);
  }

  private static List<Integer> tenfold(List<Integer> questions) {
    return questions.stream().map(question -> 10 * question).toList();
  }

  private static FutureTask<List<Integer>> ask(
      Coalescer<Integer, Integer> gathered, Integer... all) {
    var call = new FutureTask<>(() -> gathered.ask(List.of(all)));
    Thread.ofVirtual().start(call);
    return call;
  }

  /** Two sets are under way, of a question each; what is asked from now on has to wait. */
  private List<FutureTask<List<Integer>>> occupied(Coalescer<Integer, Integer> gathered)
      throws Exception {
    var first = ask(gathered, 1);
    Await.until("one is under way", LIMIT, () -> asked.size() == 1);
    var second = ask(gathered, 2);
    Await.until("two are under way", LIMIT, () -> asked.size() == 2);
    return List.of(first, second);
  }

  private static List<Integer> answer(FutureTask<List<Integer>> call) throws Exception {
    return call.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void whatIsAskedMeanwhileTravelsTogetherAndEachGetsItsOwnAnswers() throws Exception {
    var gathered = gathered(CoalescerTest::tenfold);
    var calls = occupied(gathered);
    var third = ask(gathered, 3, 4);
    Await.until("it waits", LIMIT, () -> gathered.waiting() == 1);
    var fourth = ask(gathered, 5);
    Await.until("both wait", LIMIT, () -> gathered.waiting() == 2);
    open.countDown();
    assertThat(answer(calls.getFirst())).containsExactly(10);
    assertThat(answer(calls.getLast())).containsExactly(20);
    assertThat(answer(third)).containsExactly(30, 40);
    assertThat(answer(fourth)).containsExactly(50);
    assertThat(asked).containsExactly(List.of(1), List.of(2), List.of(3, 4, 5));
  }

  @Test
  void whenNobodyAnswersItIsSoForAllThatWereAskedTogether() throws Exception {
    var gathered =
        gathered(questions -> {
          if (questions.contains(3)) {
            throw Unavailable.refused("full", new IllegalStateException());
          }
          return tenfold(questions);
        });
    occupied(gathered);
    var third = ask(gathered, 3);
    var fourth = ask(gathered, 4);
    Await.until("both wait", LIMIT, () -> gathered.waiting() == 2);
    open.countDown();
    for (var call : List.of(third, fourth)) {
      assertThatThrownBy(() -> answer(call))
          .cause()
          .isInstanceOfSatisfying(
              Unavailable.class, why -> assertThat(why.surelyNotDone()).isTrue());
    }
    assertThat(gathered.ask(List.of(7))).containsExactly(70);
  }

  @Test
  void whoGivesUpTakesBackWhatWasNotAskedYet() throws Exception {
    var gathered = gathered(CoalescerTest::tenfold);
    var calls = occupied(gathered);
    var caller = new FutureTask<>(() -> gathered.ask(List.of(3)));
    Thread thread = Thread.ofVirtual().start(caller);
    Await.until("it waits", LIMIT, () -> gathered.waiting() == 1);
    thread.interrupt();
    assertThatThrownBy(() -> answer(caller)).cause().isInstanceOf(InterruptedException.class);
    assertThat(gathered.waiting()).isZero();
    open.countDown();
    assertThat(answer(calls.getFirst())).containsExactly(10);
    assertThat(asked).containsExactly(List.of(1), List.of(2));
  }

  @Test
  void aQuestionThatCannotBeAnsweredHarmsNoOther() throws Exception {
    var gathered =
        gathered(questions -> {
          if (questions.contains(3)) {
            throw new IllegalArgumentException("three");
          }
          return tenfold(questions);
        });
    occupied(gathered);
    var third = ask(gathered, 3);
    var fourth = ask(gathered, 4);
    Await.until("both wait", LIMIT, () -> gathered.waiting() == 2);
    open.countDown();
    assertThat(answer(fourth)).containsExactly(40);
    assertThatThrownBy(() -> answer(third)).cause().hasMessage("three");
  }
}
