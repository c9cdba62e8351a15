package dev.penstock.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A model could not be opened or run. It may work at another time, unless this {@link #lasts}. */
public final class ModelFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  public ModelFailure(String model, @Nullable Throwable cause) {
    super(cause);
    this.reason = "model " + model + ": " + describe(cause);
  }

  @Override
  public String getMessage() {
    return reason;
  }

  /** One line, with the model's name. */
  public String reason() {
    return reason;
  }

  /** Whether it would fail again, however often it is tried. */
  public boolean lasts() {
    return getCause() instanceof NeverOpens;
  }

  /** Whether the model was not tried, and is to be asked for again in a moment. */
  public boolean notYet() {
    return getCause() instanceof EngineStopped
        || getCause() instanceof FilesChanging
        || pause() != null;
  }

  /** How long the model is to be left alone; null: a moment, or nobody said. */
  public @Nullable Duration pause() {
    return getCause() instanceof BackendTrouble trouble ? trouble.pause() : null;
  }

  private static String describe(@Nullable Throwable cause) {
    return cause instanceof Exception e && e.getMessage() != null
        ? Device.firstLine(e)
        : String.valueOf(cause);
  }
}
