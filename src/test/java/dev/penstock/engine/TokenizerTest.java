package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TokenizerTest {
  private static final int CLS = 101;
  private static final int SEP = 102;

  private Tokenizer tokenizer;

  /** The same tokenizer with a limit no text here reaches: what the whole text's tokens are. */
  private Tokenizer unlimited;

  @BeforeAll
  void open() throws Exception {
    tokenizer = TestModels.tokenizer(TestModels.MINILM);
    unlimited = Tokenizer.open(TestModels.files(TestModels.MINILM), 100_000_000);
  }

  @AfterAll
  void close() {
    tokenizer.close();
    unlimited.close();
  }

  @Test
  void aTextHasItsTokensBetweenTheSpecialOnesAndNoPadding() {
    Tokens tokens = tokenizer.encode("hello world", Truncation.END);

    assertThat(tokens.ids()).containsExactly(CLS, 7592, 2088, SEP);
    assertThat(tokens.cut()).isFalse();
  }

  @Test
  void theLimitIsTheModelsNotTheFiles() {
    Tokens tokens = tokenizer.encode("word ".repeat(200), Truncation.END);

    assertThat(tokens.ids()).hasSize(202);
    assertThat(tokens.cut()).isFalse();
  }

  @Test
  void aTextOfExactlyTheLimitIsNotCutAndOneMoreTokenIs() {
    assertThat(tokenizer.encode("word ".repeat(254), Truncation.END).cut()).isFalse();
    Tokens cut = tokenizer.encode("word ".repeat(255), Truncation.END);
    assertThat(cut.cut()).isTrue();
    assertThat(cut.ids()).hasSize(256).endsWith(SEP);
  }

  @Test
  void readingOnlyAPrefixChangesNothing() {
    List<String> texts =
        List.of(
            "word ".repeat(2_000),
            "naïve Ångström, e\u0301!".repeat(1_000),
            "日本語".repeat(2_000),
            "😀👩‍👩‍👧 ".repeat(1_000),
            "x".repeat(4_095) + " tail ".repeat(1_000),
            " ".repeat(20_000) + "late ".repeat(600),
            "\u0000".repeat(9_000) + " late ".repeat(1_000),
            "a".repeat(20_000) + " late ".repeat(1_000),
            "[MASK]".repeat(1_000),
            ("y".repeat(4_093) + "[MASK] ").repeat(300),
            "[SEP] and [CLS] ".repeat(1_000),
            "!?.,".repeat(1_500),
            "a\u0301".repeat(10_000) + " end",
            "antidisestablishmentarianism".repeat(3) + " z".repeat(4_000),
            "q".repeat(30_000),
            " ".repeat(30_000));
    for (String text : texts) {
      for (int shift = 0; shift < 3; shift++) {
        String shifted = "x".repeat(shift) + text;
        int[] whole = unlimited.encode(shifted, Truncation.END).ids();
        Tokens tokens = tokenizer.encode(shifted, Truncation.END);
        int[] expected = Arrays.copyOf(whole, Math.min(whole.length, 256));
        expected[expected.length - 1] = SEP;
        assertThat(tokens.ids()).isEqualTo(expected);
        assertThat(tokens.cut()).isEqualTo(whole.length > 256);
      }
    }
  }

  @Test
  void aTextOfMegabytesIsQuick() {
    String words = "some words of a very long text, ".repeat(150_000);
    tokenizer.encode(words, Truncation.END);
    long start = System.nanoTime();
    assertThat(tokenizer.encode(words, Truncation.END).cut()).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(500));
  }

  @Test
  void aRefusedTextIsCounted() {
    Tokens tokens = tokenizer.encode("word ".repeat(1_000), Truncation.ERROR);
    assertThat(tokens.cut()).isTrue();
    assertThat(tokens.counted()).isTrue();
    assertThat(tokens.length()).isEqualTo(1_002);

    Tokens prefix = tokenizer.encode("word ".repeat(10_000), Truncation.ERROR);
    assertThat(prefix.length()).isEqualTo(10_002);

    Tokens huge = tokenizer.encode("word ".repeat(1_000_000), Truncation.ERROR);
    assertThat(huge.cut()).isTrue();
    assertThat(huge.counted()).isFalse();
    assertThat(huge.length()).isGreaterThan(10_000);
  }

  @Test
  void halfACharacterPairDamagesNothingElse() {
    int[] clean = tokenizer.encode("one 😀 two ", Truncation.END).ids();

    assertThat(tokenizer.encode("one 😀 two \ud83d", Truncation.END).ids()).isEqualTo(clean);
    assertThat(tokenizer.encode("\ude00one 😀 two", Truncation.END).ids()).isEqualTo(clean);
  }

  @Test
  void ownTokenIdsAreWrappedWhereTheyAreBare() {
    int[] wrapped = {CLS, 7592, 2088, SEP};

    assertThat(tokenizer.wrap(new int[] {7592, 2088}, Truncation.END).ids()).isEqualTo(wrapped);
    assertThat(tokenizer.wrap(wrapped, Truncation.END).ids()).isEqualTo(wrapped);
    assertThat(tokenizer.wrap(new int[] {CLS, 7592, 2088}, Truncation.END).ids())
        .isEqualTo(wrapped);
    int[] many = new int[300];
    Arrays.fill(many, 7592);
    Tokens cut = tokenizer.wrap(many, Truncation.END);
    assertThat(cut.ids()).hasSize(256).startsWith(CLS).endsWith(SEP);
    assertThat(cut.length()).isEqualTo(302);
  }

  @Test
  void whereTheStartIsLeftOutTheEndIsRead() {
    String late = " a late end of it";
    int[] end = tokenizer.encode(late, Truncation.END).ids();
    for (String text :
        List.of("word ".repeat(1_000), "word ".repeat(1_000_000), "q".repeat(900_000))) {
      Tokens tokens = tokenizer.encode(text + late, Truncation.START);
      assertThat(
              Arrays.copyOfRange(
                  tokens.ids(), tokens.ids().length - end.length + 1, tokens.ids().length))
          .isEqualTo(Arrays.copyOfRange(end, 1, end.length));
      assertThat(tokens.ids()).startsWith(CLS);
      assertThat(tokens.cut()).isEqualTo(text.startsWith("w"));
    }
    int[] many = new int[300];
    Arrays.setAll(many, i -> 7_000 + i);
    assertThat(tokenizer.wrap(many, Truncation.START).ids())
        .hasSize(256)
        .startsWith(CLS)
        .endsWith(7_299, SEP);
    assertThat(tokenizer.encode("hello world", Truncation.START).ids())
        .isEqualTo(tokenizer.encode("hello world", Truncation.END).ids());
  }

  @Test
  void ownTokenIdsOutsideTheVocabularyAreRefused() {
    assertThat(tokenizer.wrap(new int[] {30_521}, Truncation.END).ids()).hasSize(3);
    assertThatThrownBy(() -> tokenizer.wrap(new int[] {30_522}, Truncation.END))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("30522");
  }

  private List<Tokens> encode(TokenizerThreads threads, List<String> texts) throws Exception {
    return threads.encode(
        tokenizer,
        "owner",
        Priority.HELD,
        texts.stream().map(TextSource.Whole::new).toList(),
        Truncation.END);
  }

  @Test
  void manyTextsComeBackInOrder() throws Exception {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 2_048; i++) {
      texts.add("text number " + i + " of many".repeat(i % 7));
    }
    try (TokenizerThreads threads = new TokenizerThreads(2)) {
      List<Tokens> all = encode(threads, texts);
      assertThat(all).hasSize(texts.size());
      for (int i = 0; i < texts.size(); i += 97) {
        assertThat(all.get(i).ids())
            .isEqualTo(tokenizer.encode(texts.get(i), Truncation.END).ids());
      }
      assertThat(encode(threads, List.of("one"))).hasSize(1);
    }
  }

  @Test
  void closedThreadsTakeNothing() {
    TokenizerThreads threads = new TokenizerThreads(1);
    threads.close();

    assertThatThrownBy(() -> encode(threads, Collections.nCopies(9, "late")))
        .isInstanceOf(RejectedExecutionException.class);
  }

  @Test
  void oneTokenizerServesManyThreads() throws Exception {
    List<String> texts = TestModels.variedTexts();
    List<int[]> alone =
        texts.stream().map(text -> tokenizer.encode(text, Truncation.END).ids()).toList();
    try (TokenizerThreads threads = new TokenizerThreads(4)) {
      List<String> many = Collections.nCopies(10, texts).stream().flatMap(List::stream).toList();
      List<Tokens> all = encode(threads, many);
      for (int i = 0; i < many.size(); i++) {
        assertThat(all.get(i).ids()).isEqualTo(alone.get(i % alone.size()));
      }
    }
  }
}
