package dev.penstock.types.embedding;

import dev.penstock.core.ReadInput;
import dev.penstock.models.EmbeddingTraits.Truncation;
import org.jspecify.annotations.Nullable;

/**
 * All that decides an embedding task's vectors, its model apart.
 *
 * @param truncate null: as the model does
 * @param inputType which of the model's prefixes the texts get; null: none
 */
record EmbeddingWork(
    EmbeddingItems items, @Nullable Truncation truncate, @Nullable String inputType)
    implements ReadInput {}
