package dev.penstock.types.embedding;

import dev.penstock.base.ByteSizes;
import dev.penstock.config.Setting;
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

  @WithConverter(ByteSizes.AsLong.class)
  @Setting(
      value =
          "Memory for vectors of texts that may be sent again, at most 1/8 of the heap; 0: "
              + "none are kept.",
      standard = "64MiB",
      range = "0 to 1TiB")
  long cache();
}
