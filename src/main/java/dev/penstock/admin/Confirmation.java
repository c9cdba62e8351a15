package dev.penstock.admin;

import dev.penstock.core.WorkerFigures;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is asked before many tasks are changed.
 *
 * @param action where the answer goes
 * @param fields what goes with it
 * @param yes what the button says; empty: there is nothing to do
 * @param back where one comes from
 */
public record Confirmation(
    String title,
    String text,
    String action,
    Map<String, String> fields,
    String yes,
    boolean grave,
    String back) {

  /**
   * @param tasks how many of the query's tasks it would change
   * @param more whether there are more than were counted
   * @param cut whether only the newest were searched: only those found there are changed
   */
  static Confirmation sweep(Sweep sweep, int tasks, boolean more, boolean cut, TaskQuery query) {
    String searched = cut ? " Only the newest 10,000 were searched; older ones stay." : "";
    String title = sweep.verb + (query.everything() ? " all tasks" : " all matching tasks");
    String which = query.words();
    String able = sweep.able;
    if (tasks == 0) {
      String none =
          query.everything()
              ? "There are no tasks that " + able + "."
              : "Among the " + which + " there are none that " + able + ".";
      return new Confirmation(
          title, none + searched, "", Map.of(), "", false, query.first().path());
    }
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("state", query.state() == null ? "" : query.state().json());
    fields.put("lane", query.lane());
    fields.put("text", query.text());
    fields.put("parent", query.parent() == null ? "" : query.parent().value());
    String count = (more ? "more than " : "") + Times.count(tasks);
    String what = tasks == 1 && !more ? which.replaceFirst("tasks", "task") : which;
    String does =
        query.everything()
            ? "No filter is set: this %s all tasks that %s%s – %s %s."
                .formatted(sweep.does, able, sweep.how, count, what)
            : "This %s %s %s%s.".formatted(sweep.does, count, what, sweep.how);
    return new Confirmation(
        title,
        does + more(sweep, query) + searched,
        sweep.path,
        fields,
        sweep.verb + " " + tasks(tasks, more),
        sweep.grave,
        query.first().path());
  }

  /** What else follows from it. */
  private static String more(Sweep sweep, TaskQuery query) {
    return switch (sweep) {
      case CANCEL -> query.state() == TaskState.PENDING ? "" : " What runs is stopped.";
      case RETRY -> "";
      case DELETE -> " Their inputs and results are gone then.";
    };
  }

  static Confirmation purge(String lane, long waiting) {
    String title = "Purge lane " + lane;
    if (waiting == 0) {
      return new Confirmation(
          title, "No task waits on this lane.", "", Map.of(), "", false, OverviewPage.PATH);
    }
    return new Confirmation(
        title,
        Times.count(waiting)
            + (waiting == 1 ? " task waits" : " tasks wait")
            + " on this lane, scheduled ones too. They are cancelled; what runs goes on.",
        SweepPage.PURGE,
        Map.of("lane", lane),
        "Cancel " + tasks(waiting, false),
        true,
        OverviewPage.PATH);
  }

  /**
   * @param alone lanes that nobody else serves
   */
  static Confirmation drain(WorkerFigures worker, List<Lane> alone) {
    String title = "Drain " + worker.node();
    if (worker.draining()) {
      return new Confirmation(
          title, "It drains already.", "", Map.of(), "", false, WorkersPage.PATH);
    }
    long running = worker.report().running();
    String finishes =
        switch ((int) Math.min(2, running)) {
          case 0 -> "It takes no more tasks";
          case 1 -> "It finishes the task it runs and takes no more";
          default -> "It finishes the " + Times.count(running) + " tasks it runs and takes no more";
        };
    String rest =
        switch (alone.size()) {
          case 0 -> " Others do what waits.";
          case 1 -> " Nobody else serves the lane " + alone.getFirst() + ": its tasks will wait.";
          default ->
              " Nobody else serves " + alone.size() + " of its lanes: their tasks will wait.";
        };
    return new Confirmation(
        title,
        finishes + ", until it is started again." + rest,
        WorkersPage.DRAIN,
        Map.of("id", worker.node()),
        "Drain it",
        !alone.isEmpty(),
        WorkersPage.PATH);
  }

  private static String tasks(long tasks, boolean more) {
    if (more) {
      return "all of them";
    }
    return tasks == 1 ? "1 task" : Times.count(tasks) + " tasks";
  }
}
