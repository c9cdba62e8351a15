package dev.penstock.types.embedding;

import dev.penstock.base.ByteSizes;
import dev.penstock.config.Setting;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Truncation;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;

/** The settings of embeddings. */
@ConfigMapping(prefix = "embedding")
public interface EmbeddingSettings {
  @Setting(
      value = "Model of requests that name none: a name, or an alias from models.yaml.",
      standard = "all-minilm-l6-v2",
      allowed = "the name of a model",
      matches = "[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}")
  String model();

  @Setting(
      value =
          "Whether a held /v1/embeddings is run at once, without a task, where it need not "
              + "wait: true or false.",
      standard = "true")
  boolean direct();

  @Setting(
      value =
          "A text longer than its model reads, unless the request says: MODEL (as models.yaml "
              + "says of it), END (it is cut) or ERROR (it is refused).",
      standard = "MODEL")
  Cutting truncate();

  /** What is done about long texts where a request does not say. */
  enum Cutting {
    MODEL,
    END,
    ERROR;

    Truncation of(EmbeddingTraits model) {
      return switch (this) {
        case MODEL -> model.truncate();
        case END -> model.truncate() == Truncation.START ? Truncation.START : Truncation.END;
        case ERROR -> Truncation.ERROR;
      };
    }
  }

  @Setting(
      value =
          "Fewer dimensions of a model that was not trained for that: WARN (header x-warning) or "
              + "REFUSE.",
      standard = "WARN")
  Untrained untrainedDimensions();

  /** What is done about dimensions that a model was not trained to be cut to. */
  enum Untrained {
    WARN,
    REFUSE
  }

  @WithConverter(ByteSizes.AsLong.class)
  @Setting(
      value =
          "Memory for vectors of texts that may be sent again, at most 1/8 of the heap; 0: "
              + "none are kept.",
      standard = "64MiB",
      range = "0 to 1TiB")
  long cache();
}
