package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.ForwardingQueue;
import java.util.List;
import java.util.Optional;

/** A queue that gives work out and takes none in. */
final class ClosedQueue extends ForwardingQueue {
  private final Unavailable answer;
  private final Runnable meanwhile;

  ClosedQueue(TaskQueue real, Unavailable answer) {
    this(real, answer, () -> {});
  }

  /**
   * @param meanwhile what happens before an enqueue is answered
   */
  ClosedQueue(TaskQueue real, Unavailable answer, Runnable meanwhile) {
    super(real);
    this.answer = answer;
    this.meanwhile = meanwhile;
  }

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    meanwhile.run();
    throw answer;
  }

  @Override
  public Optional<String> trouble() {
    return Optional.of("closed");
  }
}
