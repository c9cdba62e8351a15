package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers unlike BERT's: byte-pair encoding as RoBERTa's, unigrams as XLM-RoBERTa's. */
final class OwnTokenizerTest {
  private static final String ADDED =
      """
      "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "decoder": null,
      "added_tokens": [
        {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true},
        {"id": 1, "content": "<pad>", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true},
        {"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}],
      "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
          {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
          "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
      """;
  private static final String UNIGRAM =
      """
      "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always",
        "split": true},
      "model": {"type": "Unigram", "unk_id": 3, "vocab": [["<s>", 0], ["<pad>", 0], ["</s>", 0],
        ["<unk>", 0], ["▁ab", -1], ["▁", -3], ["a", -3], ["b", -3]]}
      """;
  private static final String BYTE_PAIRS =
      """
      "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
        "use_regex": true},
      "model": {"type": "BPE", "unk_token": "<unk>", "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2,
        "<unk>": 3, "Ġab": 4, "Ġ": 5, "a": 6, "b": 7, "ab": 8}, "merges": ["a b", "Ġ ab"]}
      """;

  @TempDir Path folder;

  private Tokenizer open(String kind, int maxTokens) throws Exception {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{" + ADDED + (kind.equals("unigram") ? UNIGRAM : BYTE_PAIRS) + "}");
    return Tokenizer.open(new ModelFiles.Folder(folder.resolve("none"), file, 1, ""), maxTokens);
  }

  @ParameterizedTest
  @ValueSource(strings = {"unigram", "byte pairs"})
  void textsAndIdsStandBetweenTheModelsSpecialTokens(String kind) throws Exception {
    try (Tokenizer tokenizer = open(kind, 16)) {
      assertThat(tokenizer.encode("ab ab", Truncation.END).ids()).containsExactly(0, 4, 4, 2);
      assertThat(tokenizer.wrap(new int[] {4, 6}, Truncation.END).ids())
          .containsExactly(0, 4, 6, 2);
      assertThat(tokenizer.padToken()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"unigram", "byte pairs"})
  void aLongTextIsCutAsIfAllOfItHadBeenRead(String kind) throws Exception {
    for (String text :
        List.of("ab ".repeat(500).strip(), "a".repeat(3_000), "ba abb ".repeat(200), " ab")) {
      try (Tokenizer unlimited = open(kind, 1_000_000);
          Tokenizer tokenizer = open(kind, 16)) {
        int[] whole = unlimited.encode(text, Truncation.END).ids();
        int[] expected = Arrays.copyOf(whole, Math.min(whole.length, 16));
        expected[expected.length - 1] = 2;
        Tokens tokens = tokenizer.encode(text, Truncation.END);
        assertThat(tokens.ids()).isEqualTo(expected);
        assertThat(tokens.cut()).isEqualTo(whole.length > 16);
      }
    }
  }
}
