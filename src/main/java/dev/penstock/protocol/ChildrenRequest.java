package dev.penstock.protocol;

import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskId;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A run's question for its task's children that have ended.
 *
 * @param token of the lease it runs under
 * @param after the one that the answer begins after; null: it begins with the first
 */
public record ChildrenRequest(
    String worker, TaskId id, String token, @Nullable TaskId after, int limit) {
  private static final Set<String> KNOWN = Set.of("worker", "id", "token", "after", "limit");
  private static final int STANDARD = 100;
  private static final int MOST = 1_000;

  public byte[] write() {
    return StrictJson.object(json -> {
      json.writeStringField("worker", worker);
      json.writeStringField("id", id.value());
      json.writeStringField("token", token);
      if (after != null) {
        json.writeStringField("after", after.value());
      }
      json.writeNumberField("limit", limit);
    });
  }

  public static ChildrenRequest read(byte[] body) {
    Fields fields = Fields.of(StrictJson.parse(body));
    fields.only(KNOWN);
    String after = fields.text("after", Members.MAX_WORD);
    Integer limit = fields.integer("limit", 1, MOST);
    return new ChildrenRequest(
        Members.worker(fields),
        Members.id(fields),
        Members.token(fields),
        after == null
            ? null
            : TaskId.parse(after).orElseThrow(() -> fields.bad("after", "is not the id of a task")),
        limit == null ? STANDARD : limit);
  }
}
