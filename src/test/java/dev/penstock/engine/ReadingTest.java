package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import java.io.Reader;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What a text of any length costs, and that what is left out of it changes no token. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ReadingTest {
  private static final int LIMIT = 256;
  private static final int SEP = 102;

  /** Three looks at a text, each four times as long as the one before. */
  private static final long MOST_CHARS = 100_000;

  private Tokenizer tokenizer;

  /** Its limit is one that no text here reaches: what the whole text's tokens are. */
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

  /** A text of one character, which is nowhere as a whole. */
  private record Repeated(char c, long length, String end) implements TextSource {
    @Override
    public Reader open() {
      return new JoinedReader(
          new Reader() {
            private long left = length;

            @Override
            public int read(char[] into, int from, int most) {
              if (left == 0) {
                return -1;
              }
              int count = (int) Math.min(most, left);
              Arrays.fill(into, from, from + count, c);
              left -= count;
              return count;
            }

            @Override
            public void close() {}
          },
          new java.io.StringReader(end));
    }
  }

  private record Read(Tokens tokens, long given, int steps) {}

  private Read read(TextSource text, Truncation whenLong) {
    var reading = new Reading(tokenizer, text, whenLong);
    int steps = 0;
    Tokens tokens = null;
    while (tokens == null) {
      reading.step();
      steps++;
      tokens = reading.tokens();
    }
    return new Read(tokens, reading.given(), steps);
  }

  private void assertAsTheWholeText(String text) {
    String name = text.length() < 60 ? text : text.substring(0, 60);
    int[] whole = unlimited.encode(text, Truncation.END).ids();
    int[] expected = Arrays.copyOf(whole, Math.min(whole.length, LIMIT));
    expected[expected.length - 1] = SEP;
    Read read = read(new TextSource.Whole(text), Truncation.END);
    assertThat(read.tokens.ids()).as(name).isEqualTo(expected);
    assertThat(read.tokens.cut()).as(name).isEqualTo(whole.length > LIMIT);
    assertThat(read.given).as("given of " + name).isLessThan(MOST_CHARS);
  }

  @Test
  void anEndlessWordIsOneUnknownTokenAndWhatFollowsItIsRead() {
    for (String word :
        List.of(
            "q", "Ä", "q\u0301", "q\u200b", "ﬁ", "İ", "ё", "한", "7", "q7", "😀", "€", "²", "क")) {
      assertAsTheWholeText(word.repeat(200_000 / word.length()));
      assertAsTheWholeText(word.repeat(150_000 / word.length()) + " late ".repeat(300) + word);
      assertAsTheWholeText("an early one " + word.repeat(90_000) + ", and a late one.");
    }
    assertAsTheWholeText(("q".repeat(101) + " ").repeat(2_000));
    assertAsTheWholeText(("q".repeat(100) + " ").repeat(2_000));
    assertAsTheWholeText(("q\u0301".repeat(3_000) + " ").repeat(100));
    assertAsTheWholeText(("y".repeat(9_093) + "[MASK] ").repeat(30));
  }

  @Test
  void whatBecomesNoTokenIsPassedOver() {
    for (String nothing :
        List.of(
            " ",
            "\n",
            "\t \r\n",
            "\u0000",
            "\u0000 ",
            "\u200b",
            "\u3000",
            "\u0301",
            "\u0085",
            "\ufffd",
            "\ud83d",
            "\u2028\u00a0")) {
      assertAsTheWholeText(nothing.repeat(300_000));
      assertAsTheWholeText(nothing.repeat(200_000) + "late words " + nothing.repeat(9_000) + "end");
      assertAsTheWholeText("one" + nothing.repeat(70_000) + "word [MA" + nothing + nothing + "SK]");
    }
  }

  @Test
  void whereWordsEndTheyEndAsBefore() {
    for (String each : List.of("!", "$", "日", "。", "𠀀", "[MASK]", "—", "a b")) {
      assertAsTheWholeText(each.repeat(3_000));
      assertAsTheWholeText("q".repeat(30_000) + each.repeat(300) + "q".repeat(30_000) + " end");
    }
  }

  @Test
  void anyTextKeepsItsTokens() {
    List<String> parts =
        List.of(
            " ",
            "  ",
            "\n",
            "\u0000",
            "\u0301",
            "\u200b",
            "q",
            "é",
            "É",
            "日",
            "!",
            "[",
            "MASK",
            "]",
            "[MASK]",
            "😀",
            "²",
            "क",
            "ि",
            "\ud83d",
            "\ufffd",
            "한",
            "x".repeat(99),
            "İ",
            "\ufe0f",
            "\u0489",
            "𐐀",
            "\ue000",
            "word");
    for (int seed = 0; seed < 300; seed++) {
      var random = new Random(seed);
      int most = 1 + random.nextInt(400);
      String text =
          IntStream.range(0, 60)
              .mapToObj(
                  _ -> parts.get(random.nextInt(parts.size())).repeat(1 + random.nextInt(most)))
              .collect(Collectors.joining());
      int[] whole = unlimited.encode(text, Truncation.END).ids();
      var text2 = new ShortText(tokenizer.shortening());
      text2.add(text);
      text2.end();
      int[] shortened = unlimited.encode(text2.head(Integer.MAX_VALUE), Truncation.END).ids();
      assertThat(shortened).as("seed %d: %s", seed, text).isEqualTo(whole);
    }
  }

  @Test
  void aTextOfFortyMillionSpacesIsNeverThereAsAWhole() {
    Read spaces = read(new Repeated(' ', 40_000_000, ""), Truncation.END);
    assertThat(spaces.tokens.ids()).hasSize(2);
    assertThat(spaces.tokens.cut()).isFalse();
    assertThat(spaces.given).isLessThan(MOST_CHARS);
    assertThat(spaces.steps).as("others have their turns meanwhile").isGreaterThan(100);

    Read word = read(new Repeated('q', 40_000_000, " late"), Truncation.ERROR);
    assertThat(word.tokens.ids()).hasSize(4);
    assertThat(word.tokens.counted()).isTrue();
    assertThat(word.given).isLessThan(MOST_CHARS);
  }

  @Test
  void aRefusedTextIsCountedInBoundedSteps() {
    String words = "word ".repeat(1_000_000);
    Read read = read(new TextSource.Whole(words), Truncation.ERROR);
    assertThat(read.tokens.cut()).isTrue();
    assertThat(read.tokens.counted()).isFalse();
    assertThat(read.tokens.length()).isGreaterThan(10_000);
    assertThat(read.given).isLessThan(MOST_CHARS);
  }

  @Test
  void aPrefixIsReadBeforeItsText() {
    TextSource text = new Repeated(' ', 100_000, "late").after("query: ");
    assertThat(read(text, Truncation.END).tokens.ids())
        .isEqualTo(tokenizer.encode("query: late", Truncation.END).ids());
  }
}
