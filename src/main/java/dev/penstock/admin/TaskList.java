package dev.penstock.admin;

import dev.penstock.core.TaskPage;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A page of tasks, ready to print.
 *
 * @param self the page's own path, which it is asked for again by
 * @param lanes to choose from
 * @param parent the id of the task whose children alone are listed; empty: no one's
 * @param newer null: these are the newest
 * @param older null: there are none
 * @param cut a text was looked for in the newest tasks only
 * @param filtered whether some tasks are left out
 */
public record TaskList(
    String self,
    List<Tab> tabs,
    List<Choice> lanes,
    String state,
    String text,
    String parent,
    List<TaskRow> rows,
    @Nullable String newer,
    @Nullable String older,
    boolean cut,
    boolean filtered,
    String sweep) {

  /** One state, or all of them. */
  public record Tab(String name, String path, boolean here) {}

  public record Choice(String value, String name, boolean chosen) {}

  /**
   * @param known the lanes that work can be sent to
   */
  static TaskList of(TaskQuery query, TaskPage page, List<Lane> known, Instant now) {
    List<Tab> tabs = new ArrayList<>();
    tabs.add(new Tab("all", query.in(null).path(), query.state() == null));
    for (TaskState state : TaskState.values()) {
      tabs.add(new Tab(state.json(), query.in(state).path(), state == query.state()));
    }
    return new TaskList(
        query.path(),
        tabs,
        choices(query.lane(), known),
        query.state() == null ? "" : query.state().json(),
        query.text(),
        query.parent() == null ? "" : query.parent().value(),
        page.tasks().stream().map(task -> TaskRow.of(task, now)).toList(),
        query.after() == null ? null : query.newer().path(),
        page.more() ? query.older(page.tasks().getLast().id()).path() : null,
        page.cut(),
        !query.everything(),
        query.first().encoded());
  }

  private static List<Choice> choices(String chosen, List<Lane> known) {
    var names = new TreeSet<String>();
    known.forEach(lane -> {
      names.add(lane.type());
      names.add(lane.name());
    });
    if (!chosen.isEmpty()) {
      names.add(chosen);
    }
    return names.stream().map(name -> new Choice(name, name, name.equals(chosen))).toList();
  }

  /** When the rows are asked for again. A search reads the inputs of many tasks each time. */
  public String live() {
    return "penstock:changed from:body" + (text.isEmpty() ? "" : " throttle:10s");
  }

  /** What the parent is called where its whole id would be long. */
  public String parentName() {
    return TaskRow.end(parent);
  }

  public String parentPath() {
    return TaskQuery.PATH + "/" + parent;
  }

  public String cancelPath() {
    return Sweep.CANCEL.path + "?" + sweep;
  }

  public String retryPath() {
    return Sweep.RETRY.path + "?" + sweep;
  }

  public String deletePath() {
    return Sweep.DELETE.path + "?" + sweep;
  }
}
