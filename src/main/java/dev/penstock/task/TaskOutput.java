package dev.penstock.task;

/**
 * What a task produced: bytes and what they are. JSON for most types; vectors stay binary until a
 * socket asks for them (see {@link EmbeddingOutput}). The array is shared, not copied: nobody
 * changes it.
 */
public record TaskOutput(Format format, byte[] bytes) {

  public enum Format {
    /** One JSON value in UTF-8. */
    JSON,
    /** The layout of {@link EmbeddingOutput}. */
    EMBEDDINGS
  }
}
