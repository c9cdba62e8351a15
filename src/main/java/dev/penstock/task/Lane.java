package dev.penstock.task;

import org.jspecify.annotations.Nullable;

/**
 * One queue of work: a task type and, where the type uses models, one model. Written as {@code
 * type.model}, for example {@code embedding.all-minilm-l6-v2}.
 */
public record Lane(String type, @Nullable String model) {
  public Lane {
    if (type.isBlank() || type.indexOf('.') >= 0) {
      throw new IllegalArgumentException("a task type is a word without dots, not '" + type + "'");
    }
  }

  public String name() {
    return model == null ? type : type + "." + model;
  }

  /** The lane of a {@link #name()}: the type ends at the first dot. */
  public static Lane of(String name) {
    int dot = name.indexOf('.');
    return dot < 0
        ? new Lane(name, null)
        : new Lane(name.substring(0, dot), name.substring(dot + 1));
  }

  @Override
  public String toString() {
    return name();
  }
}
