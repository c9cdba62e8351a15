package dev.penstock.templates;

/**
 * A template's own word that it cannot take these messages, said with {@code raise_exception}: what
 * was asked is at fault, and the message is for who asked.
 */
public final class TemplateRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TemplateRefusal(String message) {
    super(message);
  }
}
