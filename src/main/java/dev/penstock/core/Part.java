package dev.penstock.core;

/**
 * One named part of the program and whether it works.
 *
 * @param degraded it works, but not for everything: what the message says is for who has a key
 */
public record Part(String name, boolean ok, String message, boolean degraded) {

  public Part(String name, boolean ok, String message) {
    this(name, ok, message, false);
  }

  /** A part that works, but not for everything. */
  public static Part degraded(String name, String reason) {
    return new Part(name, true, reason, true);
  }
}
