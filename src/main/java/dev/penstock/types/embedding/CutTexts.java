package dev.penstock.types.embedding;

import dev.penstock.base.OnceAMinute;
import dev.penstock.metrics.Meters;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes seen what would go unseen: a vector of a text that was cut is as good a vector as any, but
 * one of less than its sender thinks.
 */
final class CutTexts {
  private static final Logger LOG = LoggerFactory.getLogger(CutTexts.class);

  private final @Nullable Meters meters;
  private final Map<String, OnceAMinute> byModel = new ConcurrentHashMap<>();

  /**
   * @param meters null: nothing is counted
   */
  CutTexts(@Nullable Meters meters) {
    this.meters = meters;
  }

  void cut(ModelSpec model, int texts) {
    if (texts == 0) {
      return;
    }
    if (meters != null) {
      meters.cut(new Lane(EmbeddingType.NAME, model.name()), texts);
    }
    long since = byModel.computeIfAbsent(model.name(), _ -> new OnceAMinute()).happened(texts);
    if (since > 0) {
      LOG.info(
          "model {}: {} texts of more than {} tokens were cut, and their replies say so"
              + " (usage.truncated); embedding.truncate: error refuses such texts",
          model.name(),
          since,
          EmbeddingTraits.of(model).maxTokens());
    }
  }
}
