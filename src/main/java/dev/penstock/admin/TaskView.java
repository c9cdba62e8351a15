package dev.penstock.admin;

import dev.penstock.core.Step;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import dev.penstock.types.TaskTypes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One task, ready to print.
 *
 * @param error why it failed, or why its last attempt did
 * @param result null: there is none
 * @param family empty: it is nobody's child and has none
 * @param refused why it was not changed as asked; empty: it was, or nothing was asked for
 */
public record TaskView(
    TaskRow row,
    List<Fact> facts,
    List<Timeline.Entry> timeline,
    @Nullable Problem error,
    Payload input,
    @Nullable Payload result,
    List<Fact> metadata,
    boolean cancellable,
    boolean retriable,
    List<Relation> family,
    String refused) {

  public record Fact(String name, String value) {}

  /** A sentence about tasks that this one has to do with, and where they are. */
  public record Relation(String words, String link, String path) {}

  public record Problem(String code, String message) {}

  /**
   * @param parent whether other tasks are its children
   */
  static TaskView of(
      Task task, TaskTypes types, List<Step> steps, boolean parent, Instant now, String refused) {
    TaskOutput output = task.output();
    TaskError error = task.error();
    return new TaskView(
        TaskRow.of(task, now),
        facts(task, now),
        Timeline.of(task, steps, now),
        error == null || task.state() == TaskState.COMPLETED
            ? null
            : new Problem(error.code().json(), Payload.beginning(error.message())),
        Payload.json(task.spec().input()),
        output == null ? null : Payload.of(output, types.find(task.spec().lane().type())),
        new TreeMap<>(task.spec().metadata()).entrySet().stream().map(TaskView::fact).toList(),
        !task.state().ended(),
        task.state() == TaskState.FAILED || task.state() == TaskState.CANCELLED,
        family(task, parent),
        refused);
  }

  private static Fact fact(Map.Entry<String, String> pair) {
    return new Fact(Payload.beginning(pair.getKey()), Payload.beginning(pair.getValue()));
  }

  private static List<Relation> family(Task task, boolean parent) {
    List<Relation> family = new ArrayList<>();
    TaskId made = task.spec().parent();
    if (made != null) {
      family.add(new Relation("Child of", TaskRow.end(made.value()), TaskQuery.PATH + "/" + made));
    }
    if (parent || task.waitingOn() > 0) {
      family.add(
          new Relation(
              task.waitingOn() > 0
                  ? "Waits for " + Times.count(task.waitingOn()) + " children:"
                  : "Made other tasks:",
              "show them",
              TaskQuery.childrenOf(task.id()).path()));
    }
    return family;
  }

  private static List<Fact> facts(Task task, Instant now) {
    List<Fact> facts = new ArrayList<>();
    Instant started = task.startedAt();
    if (started != null && task.state() != TaskState.PENDING) {
      facts.add(new Fact("Waited", Times.duration(Duration.between(task.queuedAt(), started))));
      facts.add(new Fact("Ran", TaskRow.ran(task, now)));
    } else if (!task.state().ended()) {
      facts.add(new Fact("Waiting", Times.age(task.createdAt(), now)));
    }
    facts.add(new Fact("Attempts", TaskRow.attempts(task)));
    if (task.lost() > 0) {
      facts.add(new Fact("Lost workers", Times.count(task.lost())));
    }
    facts.add(new Fact("Priority", task.spec().priority().value() + " of 10"));
    facts.add(new Fact("Time limit", Times.duration(task.spec().timeout())));
    if (task.worker() != null) {
      facts.add(new Fact("Worker", task.worker()));
    }
    facts.add(new Fact("Owner", task.spec().owner()));
    return facts;
  }

  public String cancelPath() {
    return row.path() + "/cancel";
  }

  public String retryPath() {
    return row.path() + "/retry";
  }

  public String deletePath() {
    return row.path() + "/delete";
  }

  public String inputPath() {
    return row.path() + "/input";
  }

  public String resultPath() {
    return "/v1/tasks/" + row.id() + "/result";
  }
}
