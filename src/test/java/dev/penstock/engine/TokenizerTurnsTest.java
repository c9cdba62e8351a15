package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.task.Priority;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Turns are taken by hand here, one after the other. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TokenizerTurnsTest {
  private static final int MANY = 100_000;

  private final TokenizerTurns turns = new TokenizerTurns(MANY);
  private Tokenizer tokenizer;

  @BeforeAll
  void open() throws Exception {
    tokenizer = TestModels.tokenizer(TestModels.MINILM);
  }

  @AfterAll
  void close() {
    tokenizer.close();
  }

  private CompletableFuture<List<Tokens>> add(String owner, int priority, List<String> texts) {
    return turns.add(
        new TokenizerTurns.Wanted(
            tokenizer,
            owner,
            new Priority(priority),
            texts.stream().map(TextSource.Whole::new).toList(),
            Truncation.END));
  }

  private static List<String> endless(int count) {
    return Collections.nCopies(count, "q".repeat(3_900_000) + " ");
  }

  private static List<String> brief() {
    return List.of("five", "short texts", "of", "a", "neighbour");
  }

  private void turn() {
    turns.take().orElseThrow().run();
  }

  private void turnsUntil(CompletableFuture<?> done) {
    while (!done.isDone()) {
      turn();
    }
  }

  @Test
  void aNeighboursShortTextsAreDoneBeforeAnyOfTenEndlessOnes() {
    List<CompletableFuture<List<Tokens>>> endless =
        IntStream.range(0, 10).mapToObj(_ -> add("loud", 9, endless(1))).toList();
    turn();
    var neighbour = add("neighbour", 1, brief());
    turn();
    turn();
    assertThat(neighbour).isCompleted();
    assertThat(endless).noneMatch(CompletableFuture::isDone);
    endless.forEach(this::turnsUntil);
    assertThat(endless).allSatisfy(done -> assertThat(done.join().getFirst().ids()).hasSize(3));
  }

  @Test
  void aLongListAndALongTextOfTwoOwnersTakeTurns() {
    var list = add("list", 5, Collections.nCopies(2_048, "some words of a text ".repeat(20)));
    var text = add("text", 5, endless(10));
    List<String> owners = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      TokenizerTurns.Turn turn = turns.take().orElseThrow();
      owners.add(turn.owner());
      turn.run();
    }
    assertThat(owners).containsOnly("list", "text");
    assertThat(Collections.frequency(owners, "list")).isBetween(3, 7);
    turnsUntil(list);
    turnsUntil(text);
    assertThat(list.join()).hasSize(2_048);
  }

  @Test
  void whoWaitedLongHasNoCreditAndWhoComesNewHasNoDebt() {
    var first = add("first", 5, endless(100));
    for (int i = 0; i < 20; i++) {
      turn();
    }
    var second = add("second", 5, endless(100));
    List<String> owners = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      TokenizerTurns.Turn turn = turns.take().orElseThrow();
      owners.add(turn.owner());
      turn.run();
    }
    assertThat(Collections.frequency(owners, "first")).isBetween(3, 5);
    first.cancel(false);
    second.cancel(false);
  }

  @Test
  void anOwnersUrgentListGoesBeforeHisOthers() {
    var bulk = add("owner", 1, Collections.nCopies(500, "some words ".repeat(50)));
    turn();
    var urgent = add("owner", 9, brief());
    turn();
    assertThat(urgent).isCompleted();
    assertThat(bulk).isNotDone();
    turnsUntil(bulk);
  }

  @Test
  void twoThreadsWorkAtOneListAndItsTextsComeInOrder() {
    List<String> texts = IntStream.range(0, 300).mapToObj(i -> "text number " + i).toList();
    var all = add("owner", 5, texts);
    List<TokenizerTurns.Turn> both =
        List.of(turns.take().orElseThrow(), turns.take().orElseThrow());
    both.reversed().forEach(TokenizerTurns.Turn::run);
    turnsUntil(all);
    for (int i = 0; i < texts.size(); i++) {
      assertThat(all.join().get(i).ids())
          .isEqualTo(tokenizer.encode(texts.get(i), Truncation.END).ids());
    }
  }

  @Test
  void whatNobodyWaitsForIsLeftWhereItIs() {
    var gone = add("owner", 9, endless(1_000));
    turn();
    TokenizerTurns.Turn underWay = turns.take().orElseThrow();
    gone.cancel(false);
    underWay.run();
    var next = add("owner", 1, brief());
    turn();
    assertThat(next).isCompleted();
    assertThatThrownBy(gone::join).isInstanceOf(CancellationException.class);
  }

  private static void assertRefused(TokenizerTurns turns, TokenizerTurns.Wanted wanted) {
    assertThatThrownBy(
            () -> {
              var _ = turns.add(wanted);
            })
        .isInstanceOf(RejectedExecutionException.class);
  }

  @Test
  void moreListsThanMayWaitAreRefusedUntilOneIsDone() {
    var few = new TokenizerTurns(1);
    var wanted =
        new TokenizerTurns.Wanted(
            tokenizer,
            "owner",
            new Priority(5),
            List.of(new TextSource.Whole("a")),
            Truncation.END);
    var first = few.add(wanted);
    assertRefused(few, wanted);
    few.take().orElseThrow().run();
    assertThat(first).isCompleted();
    var second = few.add(wanted);
    few.close();
    assertThat(second).isCompletedExceptionally();
    assertThat(few.take()).isEmpty();
    assertRefused(few, wanted);
  }
}
