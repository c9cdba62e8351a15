package dev.penstock.models;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model: what it is called, where its files are and how its output is read.
 *
 * @param maxTokens the longest text it reads, special tokens included
 * @param dimensions floats in a vector
 * @param prefixes text put before an input, by the request's {@code input_type}
 * @param inputs what the model expects of the numbers it is given
 */
public record ModelSpec(
    String name,
    List<String> aliases,
    ModelFiles files,
    Pooling pooling,
    int maxTokens,
    int dimensions,
    Map<String, String> prefixes,
    Truncation truncate,
    TokenIds tokenIds,
    Inputs inputs) {

  public ModelSpec {
    aliases = List.copyOf(aliases);
    prefixes = Map.copyOf(prefixes);
  }

  /** How token vectors become one vector. */
  public enum Pooling {
    MEAN,
    CLS,
    MAX
  }

  /** What happens to a text of more than {@link #maxTokens} tokens. */
  public enum Truncation {
    ERROR,
    END
  }

  /** How inputs given as token ids are read. */
  public enum TokenIds {
    CL100K_BASE,
    OWN,
    REJECT
  }

  /**
   * What a model expects of its inputs.
   *
   * @param padToken the token that fills up the shorter texts of a batch; null: as tokenizer.json
   *     says
   * @param firstPosition the position of a text's first token: RoBERTa and its kin count from
   *     behind the padding's
   */
  public record Inputs(@Nullable Integer padToken, int firstPosition) {
    /** BERT's. */
    public static final Inputs STANDARD = new Inputs(null, 0);
  }

  /** Where the model (ONNX) and its tokenizer (Hugging Face tokenizer.json) are. */
  public sealed interface ModelFiles {

    /** Names of class-path resources. */
    record Resources(String onnx, String tokenizer) implements ModelFiles {}

    /**
     * Files in a directory of {@code models.dir}. Weights beside the model file are found by it.
     *
     * @param bytes size of the model with all its weights
     * @param revision changes when a file does
     */
    record Folder(Path onnx, Path tokenizer, long bytes, String revision) implements ModelFiles {}
  }
}
