package dev.penstock.dispatch;

import dev.penstock.base.Portions;
import dev.penstock.base.Unavailable;
import dev.penstock.core.CancelResult;
import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.ChildStore.Family;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cancels the open children of parents that have ended, whatever ended them, generation by
 * generation.
 */
final class Abandoned implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Abandoned.class);
  private static final int PARENTS = 100;
  private static final int AT_A_TIME = 500;

  /** How many portions are cancelled in one go; the next is a second later. */
  private static final int ROUNDS = 50;

  private final TaskStore store;
  private final Cancels cancels;
  private final Families families;

  Abandoned(TaskStore store, Cancels cancels, Families families) {
    this.store = store;
    this.cancels = cancels;
    this.families = families;
  }

  /** Cancels them now where that can be done; the chore does it otherwise. */
  void runIfPossible() {
    try {
      run();
    } catch (Unavailable e) {
      LOG.debug("children are cancelled later: {}", e.getMessage());
    }
  }

  @Override
  public void run() {
    for (int round = 0; round < ROUNDS; round++) {
      List<Family> found = store.children().abandoned(PARENTS, AT_A_TIME);
      if (found.isEmpty()) {
        return;
      }
      List<Child> children = new ArrayList<>();
      for (Family family : found) {
        family.children().forEach(child -> children.add(new Child(family.parent(), child)));
      }
      Portions.of(children, AT_A_TIME).forEach(this::cancel);
    }
  }

  private record Child(TaskId parent, TaskId id) {}

  private void cancel(List<Child> children) {
    List<CancelResult> answers = cancels.cancel(children.stream().map(Child::id).toList());
    List<End> ends = new ArrayList<>();
    for (int i = 0; i < children.size(); i++) {
      Child child = children.get(i);
      switch (answers.get(i)) {
        case CancelResult.Now _ -> {} // Its end was told.
        case CancelResult.Ended(var task) ->
            ends.add(new End(child.parent(), child.id(), task.state()));
        case CancelResult.Unknown() ->
            ends.add(new End(child.parent(), child.id(), TaskState.FAILED));
      }
    }
    families.ends(ends);
  }
}
