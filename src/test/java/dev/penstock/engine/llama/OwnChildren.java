package dev.penstock.engine.llama;

import dev.penstock.testing.Processes;
import java.util.Set;
import java.util.stream.Collectors;

/** The child processes that a test has started: those that are not from before it. */
final class OwnChildren {
  private final Set<Long> others = living();

  private static Set<Long> living() {
    return ProcessHandle.current()
        .children()
        .filter(ProcessHandle::isAlive)
        .map(ProcessHandle::pid)
        .collect(Collectors.toSet());
  }

  Set<Long> all() {
    Set<Long> ours = living();
    ours.removeAll(others);
    return ours;
  }

  void awaitEnd() throws Exception {
    for (long child : all()) {
      Processes.awaitEnd(child);
    }
  }
}
