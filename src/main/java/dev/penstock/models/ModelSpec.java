package dev.penstock.models;

import java.util.List;
import java.util.Map;

/**
 * A model: what it is called, where its files are and how its output is read.
 *
 * @param maxTokens the longest text it reads, special tokens included
 * @param dimensions floats in a vector
 * @param prefixes text put before an input, by the request's {@code input_type}
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
    TokenIds tokenIds) {

  public ModelSpec {
    aliases = List.copyOf(aliases);
    prefixes = Map.copyOf(prefixes);
  }

  /** How token vectors become one vector. */
  public enum Pooling {
    MEAN,
    CLS
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
   * Where the files are: names of class-path resources.
   *
   * @param onnx the model, ONNX
   * @param tokenizer the tokenizer, Hugging Face tokenizer.json
   */
  public record ModelFiles(String onnx, String tokenizer) {}
}
