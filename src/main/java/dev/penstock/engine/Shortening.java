package dev.penstock.engine;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What of a text a tokenizer makes no tokens of, by its tokenizer.json, so that it may be left out:
 * the tokens stay the same.
 *
 * @param rule what may be left out
 * @param wordChars letters after which a word is one unknown token, whatever they are; 0: no word
 *     is
 * @param accents whether marks above and below letters are taken off
 * @param ideographs whether each of them is a word by itself
 */
record Shortening(Rule rule, int wordChars, boolean accents, boolean ideographs) {
  /** Nothing is known of the tokenizer. */
  static final Shortening NONE = new Shortening(Rule.NOTHING, 0, false, false);

  /** Longer ones are no limit worth the name. */
  private static final int MOST_WORD_CHARS = 1_000;

  /** Pre-tokenizers that split at white space and drop it. */
  private static final Set<String> SPLITTING =
      Set.of("BertPreTokenizer", "Whitespace", "WhitespaceSplit");

  /** Normalizers that leave white space what it is. */
  private static final Set<String> HARMLESS =
      Set.of(
          "BertNormalizer",
          "Precompiled",
          "Nmt",
          "NFC",
          "NFD",
          "NFKC",
          "NFKD",
          "Lowercase",
          "Strip",
          "StripAccents");

  enum Rule {
    /** Every character may count. */
    NOTHING,
    /** Runs of spaces are as two of them. */
    SPACES,
    /** Runs of spaces, tabs and line breaks are as one. */
    BLANKS,
    /** Also what BERT's normaliser takes out, and the rest of words that are too long. */
    BERT
  }

  /**
   * What these parts of a tokenizer.json say. Any of them may be null or missing.
   *
   * @param added the texts of the added tokens, which are looked for before anything else
   */
  static Shortening of(
      JsonNode normalizer,
      JsonNode preTokenizer,
      String model,
      int maxWordChars,
      List<String> added) {
    List<JsonNode> normalizers = steps(normalizer, "normalizers");
    List<JsonNode> splits = steps(preTokenizer, "pretokenizers");
    boolean blanks = added.stream().anyMatch(token -> token.isBlank() || hasBlanks(token));
    if (blanks) {
      return NONE;
    }
    boolean harmless =
        normalizers.stream().allMatch(step -> HARMLESS.contains(type(step)) || joinsSpaces(step));
    if (!harmless) {
      return NONE;
    }
    if (!splits.isEmpty() && SPLITTING.contains(type(splits.getFirst()))) {
      boolean bert =
          type(splits.getFirst()).equals("BertPreTokenizer")
              && normalizers.size() == 1
              && type(normalizers.getFirst()).equals("BertNormalizer")
              && normalizers.getFirst().path("clean_text").asBoolean()
              && model.equals("WordPiece")
              && maxWordChars > 0
              && maxWordChars <= MOST_WORD_CHARS
              && added.stream().allMatch(token -> Blank.isAsciiPunctuation(token.charAt(0)));
      return bert
          ? bert(normalizers.getFirst(), maxWordChars)
          : new Shortening(Rule.BLANKS, 0, false, false);
    }
    return normalizers.stream().anyMatch(Shortening::joinsSpaces)
        ? new Shortening(Rule.SPACES, 0, false, false)
        : NONE;
  }

  /** What a word may take in a shortened text, with the space behind it; 0: it has no bound. */
  int longestWord() {
    return wordChars == 0 ? 0 : 2 * (wordChars + 2);
  }

  private static Shortening bert(JsonNode normalizer, int wordChars) {
    JsonNode strips = normalizer.path("strip_accents");
    boolean accents =
        strips.isBoolean() ? strips.asBoolean() : normalizer.path("lowercase").asBoolean();
    return new Shortening(
        Rule.BERT, wordChars, accents, normalizer.path("handle_chinese_chars").asBoolean());
  }

  private static boolean hasBlanks(String token) {
    return token
        .codePoints()
        .anyMatch(point -> Blank.isSpace(point) || Character.isISOControl(point));
  }

  private static List<JsonNode> steps(JsonNode node, String list) {
    if (node.isMissingNode() || node.isNull()) {
      return List.of();
    }
    if (!type(node).equals("Sequence")) {
      return List.of(node);
    }
    List<JsonNode> steps = new ArrayList<>();
    node.path(list).forEach(steps::add);
    return steps;
  }

  private static String type(JsonNode node) {
    return node.path("type").asText();
  }

  private static boolean joinsSpaces(JsonNode step) {
    return type(step).equals("Replace")
        && step.path("pattern").path("Regex").asText().equals(" {2,}");
  }
}
