package dev.penstock.engine;

/** A model's engine has been stopped: nothing is wrong with the work. */
public final class EngineStopped extends Exception {
  private static final long serialVersionUID = 1L;

  public EngineStopped() {
    super("stopping");
  }
}
