package dev.penstock.types.plugin;

import dev.penstock.task.ChildTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome.Await;
import dev.penstock.task.Outcome.Postpone;
import dev.penstock.task.TaskHandler.Control;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What may be wrong with an await that a plugin's handler returns. */
final class PluginAwait {
  private PluginAwait() {}

  /** Null: nothing. */
  static @Nullable String problem(Await await) {
    Duration atMost = await.atMost();
    if (atMost != null && (atMost.isNegative() || atMost.compareTo(Postpone.MOST) > 0)) {
      return "the handler waits for children for " + atMost + "; 0 to 30 days are allowed";
    }
    byte[] checkpoint = await.checkpoint();
    if (checkpoint != null && checkpoint.length > Control.MAX_CHECKPOINT) {
      return "the handler's checkpoint has %d bytes; at most %d are kept"
          .formatted(checkpoint.length, Control.MAX_CHECKPOINT);
    }
    if (await.children().size() > Await.MOST_CHILDREN) {
      return "the handler asks for %d children at once; at most %d are allowed"
          .formatted(await.children().size(), Await.MOST_CHILDREN);
    }
    Set<String> keys = new HashSet<>();
    long bytes = 0;
    for (ChildTask child : await.children()) {
      String problem = problem(child);
      if (problem != null) {
        return "the handler's child " + child.key() + " " + problem;
      }
      if (!keys.add(child.key())) {
        return "the handler asks for two children " + child.key() + " at once";
      }
      bytes += child.input().length;
    }
    return bytes <= Await.MOST_BYTES
        ? null
        : "the inputs of the handler's children have %d bytes in all; at most %d are allowed"
            .formatted(bytes, Await.MOST_BYTES);
  }

  private static @Nullable String problem(ChildTask child) {
    Lane lane = child.lane();
    if (lane == null || !PluginHandler.TYPE.matcher(lane.type()).matches()) {
      return "has no task type, or one that cannot be";
    }
    if (child.input() == null) {
      return "has no input";
    }
    String problem = PluginHandler.problem(child.input());
    return problem == null ? null : "has an input that " + problem;
  }
}
