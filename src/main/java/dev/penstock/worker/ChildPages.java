package dev.penstock.worker;

import dev.penstock.base.Backoff;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.TaskId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells one run of its task's ended children, page after page, none of them twice. */
final class ChildPages {
  private static final Logger LOG = LoggerFactory.getLogger(ChildPages.class);
  private static final Duration ANSWER = Duration.ofSeconds(15);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
  private static final int MOST = 1_000;

  private final Bus bus;
  private final TaskId parent;
  private final String token;
  private @Nullable TaskId after;
  private int open = -1;

  /**
   * @param token of the lease under which the run asks
   */
  ChildPages(Bus bus, TaskId parent, String token) {
    this.bus = bus;
    this.parent = parent;
    this.token = token;
  }

  /**
   * The next page. Waits while nobody answers; the run's end interrupts it. Children count as open
   * that were so at the first page: one that ends later may stand before what was told, and is told
   * to the next run.
   */
  synchronized EndedChildren next(int limit) throws InterruptedException {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, not " + limit);
    }
    EndedChildren page = ask(new FindChildren(parent, token, after, Math.min(limit, MOST)));
    if (!page.children().isEmpty()) {
      after = page.children().getLast().id();
    }
    open = open < 0 ? page.open() : open;
    return new EndedChildren(page.children(), page.more(), open);
  }

  private EndedChildren ask(FindChildren request) throws InterruptedException {
    var pause = new Backoff(SHORTEST_PAUSE, LONGEST_PAUSE);
    while (true) {
      try {
        return bus.ask(request, ANSWER);
      } catch (Unavailable e) {
        if (pause.first()) {
          LOG.warn("task {}: its children cannot be read yet: {}", parent, e.getMessage());
        }
        Thread.sleep(pause.pause());
      }
    }
  }
}
