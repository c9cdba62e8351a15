package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import java.util.function.Supplier;

/** Repeats a write whose answer was lost: every write of the ports may be repeated. */
final class Repeat {
  private static final int TRIES = 3;

  private Repeat() {}

  /** Repeats a write that answers nothing, as the other one does. */
  static void whileUnknown(Runnable write) {
    var _ =
        whileUnknown(() -> {
          write.run();
          return true;
        });
  }

  /**
   * @throws Unavailable as thrown by the write: at once when it was surely not done, otherwise
   *     after the last try
   */
  static <T> T whileUnknown(Supplier<T> write) {
    for (int tries = 1; ; tries++) {
      try {
        return write.get();
      } catch (Unavailable e) {
        // A refusal after an unknown does not undo what the unknown may have done.
        if (tries > 1 && e.surelyNotDone()) {
          throw Unavailable.unknown(String.valueOf(e.getMessage()), e);
        }
        if (e.surelyNotDone() || tries == TRIES) {
          throw e;
        }
      }
    }
  }
}
