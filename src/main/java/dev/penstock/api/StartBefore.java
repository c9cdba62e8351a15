package dev.penstock.api;

import dev.penstock.json.Fields;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The member by which a request says when its tasks are to have begun, in Unix seconds. */
final class StartBefore {
  static final String FIELD = "start_before";
  private static final double MOST = 1e11;
  private static final long MILLIS = 1_000;

  private StartBefore() {}

  /**
   * Null: they wait for as long as it takes. One that is over already is fine: the same submit,
   * sent again, has to mean the same task.
   */
  static @Nullable Instant of(Fields fields) {
    Double at = fields.number(FIELD, 0, MOST);
    return at == null ? null : Instant.ofEpochMilli(Math.round(at * MILLIS));
  }
}
