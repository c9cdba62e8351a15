package dev.penstock.engine;

/** A backend does not take a model. */
public final class CannotOpenModel extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean mayPass;

  /**
   * @param mayPass it may have to do with the machine, like memory or the GPU, and not with the
   *     model
   */
  public CannotOpenModel(Exception cause, boolean mayPass) {
    super(cause.getMessage(), cause);
    this.mayPass = mayPass;
  }

  boolean mayPass() {
    return mayPass;
  }
}
