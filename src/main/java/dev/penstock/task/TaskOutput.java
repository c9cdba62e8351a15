package dev.penstock.task;

import org.jspecify.annotations.Nullable;

/**
 * What a task produced: bytes and what they are. JSON for most types; some, like vectors, stay
 * binary until a socket asks for them. The array is shared, not copied: nobody changes it.
 */
public record TaskOutput(Format format, byte[] bytes) {

  public enum Format {
    /** One JSON value in UTF-8. */
    JSON,
    /**
     * A layout of the task type's own. Rows, and plugins that are compiled, know it by this name:
     * vectors were the first to have one.
     */
    EMBEDDINGS
  }

  /** One JSON value that is written already; a plugin's is checked before it is stored. */
  public static TaskOutput json(String json) {
    return new TaskOutput(Format.JSON, PlainJson.utf8(json));
  }

  /**
   * A value as JSON: null, a boolean, number or string, or a map, collection, array or record of
   * such. A record's {@code firstName} becomes {@code first_name}.
   *
   * @throws IllegalArgumentException when it cannot be written
   */
  public static TaskOutput of(@Nullable Object value) {
    return new TaskOutput(Format.JSON, PlainJson.write(value));
  }
}
