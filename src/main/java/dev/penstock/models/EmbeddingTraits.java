package dev.penstock.models;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an embedding model reads and how its output is read: it makes a vector of a text.
 *
 * @param maxTokens the longest text it reads, special tokens included
 * @param dimensions floats in a vector
 * @param prefixes text put before an input, by the request's {@code input_type}; {@link #DEFAULT}:
 *     where it has none
 * @param inputs what the model expects of the numbers it is given
 * @param output which of the numbers that it gives are read, and how
 * @param matryoshka whether it was trained so that the first numbers of a vector are one, too
 */
public record EmbeddingTraits(
    Pooling pooling,
    int maxTokens,
    int dimensions,
    Map<String, String> prefixes,
    Truncation truncate,
    TokenIds tokenIds,
    Inputs inputs,
    Output output,
    boolean matryoshka)
    implements ModelTraits {
  /** The name of the kind. */
  public static final String KIND = "embedding";

  /** The texts of a question. */
  public static final String QUERY = "query";

  /** The texts that are searched. */
  public static final String PASSAGE = "passage";

  /** Texts of which nobody says what they are. */
  public static final String DEFAULT = "default";

  static final int MAX_TOKENS = 1_000_000;
  static final int MAX_DIMENSIONS = 65_536;

  public EmbeddingTraits {
    prefixes = Map.copyOf(prefixes);
  }

  /** Those whose output is read as BERT's, and whose vectors are made to be used whole. */
  public EmbeddingTraits(
      Pooling pooling,
      int maxTokens,
      int dimensions,
      Map<String, String> prefixes,
      Truncation truncate,
      TokenIds tokenIds,
      Inputs inputs) {
    this(
        pooling,
        maxTokens,
        dimensions,
        prefixes,
        truncate,
        tokenIds,
        inputs,
        Output.STANDARD,
        false);
  }

  /** The traits of a model that is one. */
  public static EmbeddingTraits of(ModelSpec spec) {
    return (EmbeddingTraits) spec.traits();
  }

  /**
   * The text put before an input; empty: none.
   *
   * @param inputType null: the request names none
   */
  public String prefix(@Nullable String inputType) {
    return prefixes.getOrDefault(inputType == null ? DEFAULT : inputType, "");
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public String summary() {
    return "%d numbers, %s pooling, %d tokens"
        .formatted(dimensions, pooling.toString().toLowerCase(Locale.ROOT), maxTokens);
  }

  @Override
  public void write(JsonGenerator json) throws IOException {
    json.writeNumberField("dimensions", dimensions);
    json.writeNumberField("max_tokens", maxTokens);
  }

  /** Reads embedding models out of models.yaml. */
  public static final class Kind implements ModelKind {
    @Override
    public String name() {
      return KIND;
    }

    @Override
    public Set<String> keys() {
      return Set.of(
          "pooling", "max_tokens", "dimensions", "prefixes", "truncate", "token_ids", "matryoshka");
    }

    @Override
    public EmbeddingTraits read(FieldReader fields) {
      return new EmbeddingTraits(
          fields.oneOf("pooling", Pooling.class, Pooling.MEAN),
          fields.whole("max_tokens", 3, MAX_TOKENS),
          fields.whole("dimensions", 1, MAX_DIMENSIONS),
          fields.optionalSection("prefixes", Set.of(QUERY, PASSAGE)),
          fields.oneOf("truncate", Truncation.class, Truncation.END),
          fields.oneOf("token_ids", TokenIds.class, TokenIds.REJECT),
          Inputs.STANDARD,
          Output.STANDARD,
          fields.word("matryoshka", List.of("false", "true")).equals("true"));
    }
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
    /** Its end is left out. */
    END,
    /** Its start is left out. */
    START
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
   * @param keepsEnd of a text that is too long the end is read, not the beginning
   */
  public record Inputs(@Nullable Integer padToken, int firstPosition, boolean keepsEnd) {
    /** BERT's. */
    public static final Inputs STANDARD = new Inputs(null, 0);

    public Inputs(@Nullable Integer padToken, int firstPosition) {
      this(padToken, firstPosition, false);
    }
  }

  /**
   * How a model's output is read.
   *
   * @param name the output; null: the one that text encoders have
   * @param tokens an output of token vectors that, pooled, are to give the same as the one that is
   *     read; null: there is none
   * @param withPrompt whether a prefix counts when the token vectors are pooled
   * @param normalise whether vectors are scaled to length 1
   */
  public record Output(
      @Nullable String name, @Nullable String tokens, boolean withPrompt, boolean normalise) {
    public static final Output STANDARD = new Output(null, null, true, true);
  }
}
