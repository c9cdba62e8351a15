package dev.penstock.engine;

import dev.penstock.core.InvalidInput;
import dev.penstock.core.TimeLimit;
import dev.penstock.task.Priority;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An open model of the kind generation: it makes texts, a few at once. */
public interface Generator extends ModelEngine {

  /**
   * Makes the answers to a request. Waits for its turn, and blocks until the last has ended; an
   * interrupt ends it within one step.
   *
   * @throws InvalidInput what the model cannot do of what is asked, naming the field; a prompt that
   *     does not fit has the code {@code CONTEXT_LENGTH_EXCEEDED} and both figures
   * @throws ModelFailure it may work later
   */
  GenerationEnd generate(GenerationRequest request, Asker asker)
      throws InterruptedException, ModelFailure;

  /**
   * Whether it goes on from tokens that an earlier run has made, and what those have to have been
   * made by: the model's files, in a few letters. Null: it begins anew.
   */
  default @Nullable String resumes() {
    return null;
  }

  /** How many answers are made at once; more wait for their turn. */
  int slots();

  /** Whoever asks for a text. */
  interface Asker {
    /** Owners take turns, and share no state of a model. */
    String owner();

    Priority priority();

    /** Null: nobody counts. It stands still while the text waits for its turn. */
    @Nullable TimeLimit limit();

    /**
     * The tokens that each answer of an earlier run has come to, by choice; empty: none has. Their
     * pieces are told again, one for each token, as they were, before what is new.
     */
    default List<int[]> before() {
      return List.of();
    }

    /** What time a chat template is told that it is: equal ones make equal prompts. */
    default Instant asked() {
      return Instant.now();
    }

    /** Told when the first of it is computed: what came before was waiting. */
    default void begun() {}

    /** Takes a part of an answer. From one thread at a time; quick, and never throws. */
    void piece(GenerationPiece piece);
  }
}
