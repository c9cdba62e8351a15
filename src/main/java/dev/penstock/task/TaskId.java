package dev.penstock.task;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A task's id: a random UUID (122 random bits) in its usual text form, so that it cannot be
 * guessed.
 */
public record TaskId(String value) {
  private static final Pattern FORM =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  public TaskId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("not a task id: " + value);
    }
  }

  public static TaskId random() {
    return new TaskId(UUID.randomUUID().toString());
  }

  /** Empty when the text cannot be any task's id. */
  public static Optional<TaskId> parse(String text) {
    return FORM.matcher(text).matches() ? Optional.of(new TaskId(text)) : Optional.empty();
  }

  @Override
  public String toString() {
    return value;
  }
}
