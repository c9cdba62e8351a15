package dev.penstock.dispatch;

import dev.penstock.bus.Request.FindChildren;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.EndedChildren.Child;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells a parent of its children that have ended, with their results: a few megabytes at a time.
 */
final class FoundChildren {
  private static final int MOST = 500;

  private final TaskStore store;
  private final Finds finds;

  FoundChildren(TaskStore store) {
    this.store = store;
    this.finds = new Finds(store);
  }

  EndedChildren find(FindChildren request) {
    int limit = Math.clamp(request.limit(), 1, MOST);
    ChildStore.Page page = store.children().unread(request.parent(), request.after(), limit);
    List<ChildStore.Ended> listed = page.children();
    List<Child> told = new ArrayList<>(listed.size());
    Iterator<ChildStore.Ended> next = listed.iterator();
    var room = new Room();
    finds.each(
        listed.stream().map(ChildStore.Ended::id).toList(),
        (_, task) -> {
          if (!room.take(Finds.bytes(task))) {
            return false;
          }
          told.add(child(next.next(), task));
          return true;
        });
    return new EndedChildren(told, page.more() || told.size() < listed.size(), page.open());
  }

  /** Room for some results: one always fits, however long it is. */
  private static final class Room {
    private long used;
    private boolean any;

    private boolean take(long bytes) {
      if (any && used + bytes > Finds.BYTES) {
        return false;
      }
      any = true;
      used += bytes;
      return true;
    }
  }

  /** A child as its record has it, where that has ended; its parent's list is as old as its end. */
  private static Child child(ChildStore.Ended listed, @Nullable Task task) {
    TaskId id = listed.id();
    if (task == null) {
      return failed(listed, "its record was lost");
    }
    if (task.state().ended()) {
      return new Child(id, listed.key(), task.state(), task.output(), task.error());
    }
    // Retried by hand after its parent had been told of its end.
    return failed(listed, "it had ended as " + listed.state().json() + " and is run once more");
  }

  private static Child failed(ChildStore.Ended listed, String why) {
    var error = new TaskError(TaskError.Code.LEASE_LOST, why);
    return new Child(listed.id(), listed.key(), TaskState.FAILED, null, error);
  }
}
