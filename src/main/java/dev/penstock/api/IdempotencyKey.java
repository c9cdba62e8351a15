package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.task.Identity;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The client's name for a submit, so that sending it again makes no second task. */
record IdempotencyKey(String name) {
  static final String HEADER = "Idempotency-Key";

  /** Says that the reply is about an earlier task. */
  static final String REPLAYED = "Idempotent-Replayed";

  private static final int LONGEST = 255;
  private static final Pattern FORM = Pattern.compile("[!-~]{1," + LONGEST + "}");

  /** Null where the request has none. */
  static @Nullable IdempotencyKey of(Exchange exchange) {
    String name = exchange.header(HEADER);
    if (name == null) {
      return null;
    }
    if (!FORM.matcher(name).matches()) {
      throw Refusal.invalid(
          HEADER, "'" + HEADER + "' must be 1 to " + LONGEST + " visible ASCII characters.");
    }
    return new IdempotencyKey(name);
  }

  /** The key of one of several tasks in a body: with a space, which no client's own key has. */
  IdempotencyKey item(int index) {
    return new IdempotencyKey(name + " " + index);
  }

  /**
   * @param route where it was sent: the same body means something else elsewhere
   */
  Identity identity(String route, JsonNode body) {
    return new Identity.Named(name, new Digest().add(route).add(body).hex());
  }
}
