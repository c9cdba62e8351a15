package dev.penstock.subprocess;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Consumer;

/**
 * The child processes of this one, and the thread that forks them all. It lives until {@link
 * #close}: the kernel takes the end of the thread that forked for the parent's death.
 */
public final class ChildProcesses implements AutoCloseable {
  private final ChildCommandLine line;
  private final Consumer<String> crashed;
  private final List<Subprocess> all = new CopyOnWriteArrayList<>();

  /** Its thread outlives every job, a failed one too: each is a future's. */
  private final ScheduledThreadPoolExecutor forker =
      new ScheduledThreadPoolExecutor(
          1, task -> Thread.ofPlatform().name("child-forker").daemon().unstarted(task));

  /**
   * @param mainClass what a child runs, with the arguments {@code child}, the program's name and
   *     the id of this process, for {@link ChildLoop#run}
   * @param crashed told the name of each process that ends and should not
   */
  public ChildProcesses(String mainClass, Consumer<String> crashed) {
    this.line = new ChildCommandLine(mainClass);
    this.crashed = crashed;
    forker.setRemoveOnCancelPolicy(true);
  }

  /** A program's process, which starts when it is first called. */
  public Subprocess open(String name, ChildLimits limits) {
    var opened = new Subprocess(name, limits, line, forker, () -> crashed.accept(name));
    all.add(opened);
    return opened;
  }

  /**
   * Ends a program's process for good, and forgets it: it is called no more. Blocks, with a limit.
   */
  public void close(Subprocess one) {
    all.remove(one);
    one.close();
  }

  /** How many there are that were opened and not closed. */
  int size() {
    return all.size();
  }

  /** Ends all processes; calls under way return, and none starts any more. Blocks, with a limit. */
  @Override
  public void close() {
    all.forEach(Subprocess::close);
    // A fork that was asked for is done, and its process ended: who asked waits for it.
    forker.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    forker.shutdown();
  }
}
