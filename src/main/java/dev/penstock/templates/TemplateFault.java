package dev.penstock.templates;

/** A template that cannot be read, or that went wrong or past its bounds while it was rendered. */
public final class TemplateFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int line;

  TemplateFault(int line, String problem) {
    super("The chat template's line " + line + ": " + problem);
    this.line = line;
  }

  /** Where in the template, from 1. */
  public int line() {
    return line;
  }
}
