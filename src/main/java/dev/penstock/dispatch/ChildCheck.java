package dev.penstock.dispatch;

import dev.penstock.core.InvalidInput;
import dev.penstock.task.Lane;

/**
 * Says whether a child may be submitted: as for tasks of clients, its type must be known and take
 * its input.
 */
@FunctionalInterface
public interface ChildCheck {

  /**
   * The lane that is meant, with the model's own name.
   *
   * @param input should be one JSON value
   * @throws InvalidInput when no such task can be run, saying why
   */
  Lane accept(Lane lane, byte[] input);
}
