package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Identity;
import dev.penstock.task.Task;
import dev.penstock.task.TaskState;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
   * What a body means under this key. Fields that only say how to be answered are no part of it; an
   * earlier version's digest has them.
   *
   * @param route where it was sent: the same body means something else elsewhere
   * @param how the fields of the body that say no more than how to be answered
   */
  Identity identity(String route, JsonNode body, String... how) {
    String whole = digest(route, body);
    if (Stream.of(how).noneMatch(body::has)) {
      return new Identity.Named(name, whole);
    }
    ObjectNode content = StrictJson.nodes().objectNode();
    content.setAll((ObjectNode) body);
    content.remove(List.of(how));
    return new Identity.Named(name, digest(route, content), whole);
  }

  private static String digest(String route, JsonNode body) {
    return new Digest().add(route).add(body).hex();
  }

  /** What a client is told whose key belongs to a task that ended badly; null: it has not. */
  static @Nullable String hint(Task task) {
    return switch (task.state()) {
      case FAILED, CANCELLED ->
          "This %s belongs to a task that %s. POST /v1/tasks/%s/retry runs it again; with another key the request makes a new task."
              .formatted(
                  HEADER, task.state() == TaskState.FAILED ? "failed" : "was cancelled", task.id());
      case PENDING, PROCESSING, COMPLETED -> null;
    };
  }
}
