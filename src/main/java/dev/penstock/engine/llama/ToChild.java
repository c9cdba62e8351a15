package dev.penstock.engine.llama;

import org.jspecify.annotations.Nullable;

/** What the node says to the child. */
sealed interface ToChild {

  /**
   * Open this model; once in a process, unless it cannot be opened.
   *
   * @param library the folder of the native library
   * @param variant as {@link LlamaLibrary#load} has it
   */
  record Open(String library, @Nullable String variant, ModelPlan plan) implements ToChild {}

  record Generate(Generation generation) implements ToChild {}

  record Cancel(long id) implements ToChild {}

  /**
   * Cut this text into tokens.
   *
   * @param id of the answer
   */
  record Tokenise(long id, String text, boolean addSpecial, boolean parseSpecial)
      implements ToChild {}
}
