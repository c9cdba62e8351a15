package dev.penstock.engine.llama;

import java.util.List;

/** What the child says to the node. */
sealed interface ToNode {

  /** How far the weights are read, from 0 to 1. */
  record Loading(float part) implements ToNode {}

  record Opened(ModelInfo info) implements ToNode {}

  /**
   * It is not open.
   *
   * @param unfit whether that is the model's file's fault, and not the library's
   */
  record CannotOpen(String reason, boolean unfit) implements ToNode {}

  record Tokens(long id, List<Integer> tokens) implements ToNode {}

  record NoTokens(long id, String reason) implements ToNode {}

  record Piece(long id, int token, String text) implements ToNode {}

  record Ended(long id, Ending ending) implements ToNode {}
}
