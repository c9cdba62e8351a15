package dev.penstock.engine.onnx;

import ai.onnxruntime.OrtException;
import dev.penstock.engine.Tokenizer;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Truncation;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is tried with a model of somebody's own as it opens: whether a text has the same vector
 * alone and beside a longer one, and whether the file's own vector is the one that its
 * configuration asks for. What is wrong with either shows nowhere else.
 */
final class OpeningCheck {
  private static final Logger LOG = LoggerFactory.getLogger(OpeningCheck.class);
  private static final String SHORT = "a";
  private static final String LONG =
      "The river falls through a narrow gate, turns the wheel below and goes on to the sea; at night"
          + " nobody watches it, and in the morning the meter shows how much there was. ";

  /** Below this it is another vector. int8 models lose some in any company, but not so much. */
  private static final double OTHER = 0.9;

  /** As much as other words in place of the padding may move a vector: all is computed on them. */
  private static final double MOVED = 0.95;

  private static final double SAME = 0.999;

  private final OnnxModel model;
  private final String name;
  private final EmbeddingTraits traits;
  private final int[] brief;
  private final int[] wordy;

  OpeningCheck(OnnxModel model, String name, EmbeddingTraits traits, Tokenizer tokenizer) {
    this.model = model;
    this.name = name;
    this.traits = traits;
    this.brief = tokenizer.encode(SHORT, Truncation.END).ids();
    this.wordy = tokenizer.encode(LONG, Truncation.END).ids();
  }

  /**
   * @param padToken what fills up the shorter texts of a batch
   */
  void run(int padToken) throws OrtException {
    model.tryWidth(brief);
    float[] alone = model.run(List.of(brief)).getFirst();
    company(alone, padToken);
    String tokens = traits.output().tokens();
    if (tokens != null) {
      ours(alone, tokens);
    }
  }

  private void company(float[] alone, int padToken) throws OrtException {
    if (model.runsEvenly()) {
      LOG.info(
          "model {} has no attention_mask: texts of one length run together, and no others", name);
      model.run(List.of(wordy));
      return;
    }
    List<int[]> both = List.of(brief, wordy);
    float[] padded = model.run(both, padToken).getFirst();
    float[] filled = model.run(both, wordy[wordy.length / 2]).getFirst();
    double company = cosine(alone, padded);
    if (company < OTHER || cosine(padded, filled) < MOVED) {
      model.runEvenly();
      LOG.warn(
          "model {} does not heed attention_mask: beside a longer text a text's vector is another"
              + " (cosine {}); so texts of one length run together, and no others",
          name,
          shown(company));
    } else if (company < SAME) {
      LOG.info(
          "model {}: beside a longer text a text's vector moves a little (cosine {}), as int8"
              + " models' do",
          name,
          shown(company));
    } else {
      LOG.info("model {}: a text's vector is the same alone and beside a longer one", name);
    }
  }

  private void ours(float[] own, String tokens) throws OrtException {
    float[] pooled = model.pooledFrom(tokens, brief);
    String pooling = traits.pooling().toString().toLowerCase(Locale.ROOT);
    if (pooled.length == own.length && cosine(own, pooled) >= SAME) {
      LOG.info("model {}: its own vector is the {} of its {}", name, pooling, tokens);
    } else {
      LOG.warn(
          "model {}: its own vector is not the {} of its {} ({}), as its configuration has it; its"
              + " own is used",
          name,
          pooling,
          tokens,
          pooled.length == own.length
              ? "cosine " + shown(cosine(own, pooled))
              : own.length + " numbers");
    }
  }

  private static String shown(double cosine) {
    return String.format(Locale.ROOT, "%.4f", cosine);
  }

  private static double cosine(float[] one, float[] other) {
    double product = 0;
    double ones = 0;
    double others = 0;
    for (int i = 0; i < one.length; i++) {
      product += (double) one[i] * other[i];
      ones += (double) one[i] * one[i];
      others += (double) other[i] * other[i];
    }
    return product / Math.sqrt(ones * others);
  }
}
