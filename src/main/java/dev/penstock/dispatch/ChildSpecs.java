package dev.penstock.dispatch;

import dev.penstock.core.InvalidInput;
import dev.penstock.core.NewChild;
import dev.penstock.core.SubmitBounds;
import dev.penstock.task.ChildTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes tasks of the children that a parent asks for: what they do not say is as their parent has
 * it. What a client could not submit is refused.
 */
final class ChildSpecs {
  private final ChildCheck check;
  private final InstantSource clock;

  ChildSpecs(ChildCheck check, InstantSource clock) {
    this.check = check;
    this.clock = clock;
  }

  /**
   * The children of an await, in its order.
   *
   * @param parent its input is not needed
   * @throws InvalidInput when one of them is refused, or all together: what the parent fails with
   */
  List<NewChild> of(Task parent, List<ChildTask> wanted) {
    if (wanted.size() > Outcome.Await.MOST_CHILDREN) {
      throw tooMuch(
          "%d children in one await; %d are allowed"
              .formatted(wanted.size(), Outcome.Await.MOST_CHILDREN));
    }
    long bytes = wanted.stream().mapToLong(child -> child.input().length).sum();
    if (bytes > Outcome.Await.MOST_BYTES) {
      throw tooMuch(
          "children with %d bytes of input in one await; %d are allowed"
              .formatted(bytes, Outcome.Await.MOST_BYTES));
    }
    Instant now = clock.instant();
    List<NewChild> children = new ArrayList<>(wanted.size());
    Set<String> keys = new HashSet<>();
    for (ChildTask child : wanted) {
      if (keys.add(child.key())) {
        children.add(new NewChild(child.key(), spec(parent.spec(), child, now)));
      }
    }
    return children;
  }

  private TaskSpec spec(TaskSpec parent, ChildTask child, Instant now) {
    TaskSpec.Limits limits = child.limits() == null ? parent.limits() : child.limits();
    TaskSpec.Retention kept = child.retention() == null ? parent.retention() : child.retention();
    checkLimits(child, limits, kept);
    checkMetadata(child);
    return new TaskSpec(
        TaskId.child(parent.id(), child.key()),
        new TaskSpec.Work(lane(child), priority(child, parent), child.input(), null),
        limits,
        kept,
        new TaskSpec.Origin(parent.owner(), child.metadata(), null, null, parent.id(), now));
  }

  /** Never above its parent's, which the owner's key was held to. */
  private static Priority priority(ChildTask child, TaskSpec parent) {
    Priority own = child.priority();
    return own == null || own.compareTo(parent.priority()) > 0 ? parent.priority() : own;
  }

  private Lane lane(ChildTask child) {
    try {
      return check.accept(child.lane(), child.input());
    } catch (InvalidInput e) {
      throw refused(child, e.message());
    }
  }

  private static void checkLimits(
      ChildTask child, TaskSpec.Limits limits, TaskSpec.Retention kept) {
    if (limits.maxAttempts() > SubmitBounds.ATTEMPTS) {
      throw refused(child, "it may have at most " + SubmitBounds.ATTEMPTS + " attempts");
    }
    if (limits.timeout().compareTo(SubmitBounds.RUN) > 0) {
      throw refused(child, "it may run for at most " + SubmitBounds.RUN.toSeconds() + " s");
    }
    for (Duration each : List.of(kept.completed(), kept.failed())) {
      if (each.isNegative() || each.compareTo(SubmitBounds.KEPT) > 0) {
        throw refused(child, "it may be kept for 0 to " + SubmitBounds.KEPT.toDays() + " days");
      }
    }
  }

  private static void checkMetadata(ChildTask child) {
    Map<String, String> metadata = child.metadata();
    boolean fits =
        metadata.size() <= SubmitBounds.METADATA
            && metadata.entrySet().stream()
                .allMatch(pair ->
                    !pair.getKey().isEmpty()
                        && characters(pair.getKey()) <= SubmitBounds.METADATA_NAME
                        && characters(pair.getValue()) <= SubmitBounds.METADATA_VALUE);
    if (!fits) {
      throw refused(
          child,
          "its metadata may have at most %d pairs, keys of 1 to %d and values of %d characters"
              .formatted(
                  SubmitBounds.METADATA, SubmitBounds.METADATA_NAME, SubmitBounds.METADATA_VALUE));
    }
  }

  private static int characters(String text) {
    return text.codePointCount(0, text.length());
  }

  private static InvalidInput refused(ChildTask child, String why) {
    return new InvalidInput("child " + child.key() + ": " + why);
  }

  private static InvalidInput tooMuch(String why) {
    return new InvalidInput(TaskError.Code.HANDLER_FAILED, "the handler asked for " + why);
  }
}
