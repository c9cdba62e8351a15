package dev.penstock.storage;

import dev.penstock.task.TaskOutput.Format;

/** The words that rows have for formats of results. Those of 0.1.0 knew of one binary kind only. */
public final class OutputFormat {
  private static final String BINARY = "EMBEDDINGS";

  private OutputFormat() {}

  public static String word(Format format) {
    return switch (format) {
      case JSON -> "JSON";
      case BINARY -> BINARY;
    };
  }

  public static Format of(String word) {
    return word.equals(BINARY) ? Format.BINARY : Format.valueOf(word);
  }
}
