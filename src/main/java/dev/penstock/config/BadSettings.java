package dev.penstock.config;

import java.util.List;

/**
 * The program cannot start with what it was given. Carries every problem found, one line each, so
 * that nobody has to start five times to learn of five mistakes. Secrets are left out.
 */
public final class BadSettings extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  public BadSettings(List<String> problems) {
    super(String.join(System.lineSeparator(), problems));
    this.problems = List.copyOf(problems);
  }

  public BadSettings(String problem) {
    this(List.of(problem));
  }

  /** At least one; each is one line. */
  public List<String> problems() {
    return problems;
  }
}
