package dev.penstock.types.embedding;

import org.jspecify.annotations.Nullable;

/**
 * All that decides an embedding task's vectors, its model apart.
 *
 * @param truncate {@code error} or {@code end}; null: as the model does
 * @param inputType which of the model's prefixes the texts get; null: none
 */
public record EmbeddingWork(
    EmbeddingItems items, @Nullable String truncate, @Nullable String inputType) {}
