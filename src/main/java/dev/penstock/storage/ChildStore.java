package dev.penstock.storage;

import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What parents know of their children: a list in each parent's own record, changed with it. A child
 * is new (its await is stored, its task perhaps not), open, or ended and not read; what is read
 * leaves the list. As {@link TaskStore}: methods block for a bounded time, throw {@link
 * dev.penstock.base.Unavailable}, and may be repeated.
 *
 * <p>An await ({@link dev.penstock.core.Ending.Waits}) stores its new children with the parent.
 * Whoever took it inserts their tasks and says so ({@link #inserted}). A child's own record, once
 * ended, is kept without an expiry until it is released.
 */
public interface ChildStore {

  /**
   * New children of parents that have not ended, whole, whose await is older than {@code age}: at
   * most {@code limit}, and fewer where their inputs are long. There may be more until none come.
   */
  List<TaskSpec> toInsert(Duration age, int limit);

  /**
   * These children's tasks are kept: they are open from now on, and what they were made of goes.
   * Returns those that are to be cancelled, for their parents have ended, are no more, or do not
   * list them. (One that has ended and is read already is among them, and cancelling it does
   * nothing.)
   */
  List<TaskId> inserted(List<TaskSpec> children);

  /**
   * Children have ended. Each end counts once, and only for a child that its parent lists as new or
   * open; others change nothing. Returns the parents that are ready to run for it, whole: they
   * still have to be enqueued.
   */
  List<TaskSpec> ended(List<End> ends);

  /** A child's end; a child that is no more has failed. */
  record End(TaskId parent, TaskId child, TaskState state) {}

  /**
   * Children of a parent that have ended and are not read, by id, from the one after {@code after}
   * on (null: from the first).
   */
  Page unread(TaskId parent, @Nullable TaskId after, int limit);

  /**
   * Some ended children.
   *
   * @param open how many of the parent's children are new or open
   */
  record Page(List<Ended> children, boolean more, int open) {}

  /** A child as its parent lists it. */
  record Ended(TaskId id, String key, TaskState state) {}

  /**
   * Makes waiting parents ready whose longest wait is over; as {@link TaskStore#promoteDue}. They
   * keep their children.
   */
  List<TaskSpec> wakeDue(int limit);

  /**
   * Waiting parents with the ids of their open children (not the new ones), by id, from the one
   * after {@code after} on (null: from the first). Fewer than {@code limit} are the last.
   */
  List<Family> waiting(@Nullable TaskId after, int limit);

  /**
   * Parents that have ended and still list open children, with at most {@code most} of those each:
   * they are to be cancelled. What was new when the parent ended is open from then on, for its task
   * may be there: only what it was made of is forgotten. The parent's own record is not deleted
   * while it is one of these.
   */
  List<Family> abandoned(int limit, int most);

  /** A parent, and some of its open children. */
  record Family(TaskId parent, List<TaskId> children) {}

  /**
   * Lists a retried parent's children that failed or were cancelled as open again; returns them.
   * They still have to be retried.
   */
  List<TaskId> reopen(TaskId parent);

  /**
   * Lets the records of a parent's ended children go when their time, counted from now, is over.
   * Those that have not ended, were released before, or are not its own, stay as they are.
   */
  void release(TaskId parent, List<TaskId> children);

  /**
   * Releases ended children whose parents are no more, have completed, or do not list them; returns
   * how many. Looks at no more than {@code limit} that are not released, and goes on with the next
   * ones when it is called again, round and round. Makes good what a crash left.
   */
  int releaseForgotten(int limit);
}
