package dev.penstock.task;

/** How urgent a task is: 0 to 10, and 10 goes first. */
public record Priority(int value) implements Comparable<Priority> {
  public static final int MIN = 0;
  public static final int MAX = 10;

  public static final Priority LOWEST = new Priority(MIN);
  public static final Priority HIGHEST = new Priority(MAX);

  /** The default of a submitted task. */
  public static final Priority TASK = new Priority(5);

  /** The default of a request whose caller holds the line. */
  public static final Priority HELD = new Priority(7);

  /** The default of tasks submitted as a list. */
  public static final Priority BULK = new Priority(3);

  public Priority {
    if (value < MIN || value > MAX) {
      throw new IllegalArgumentException("priority must be 0 to 10, not " + value);
    }
  }

  @Override
  public int compareTo(Priority other) {
    return Integer.compare(value, other.value);
  }
}
