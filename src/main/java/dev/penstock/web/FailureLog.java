package dev.penstock.web;

import dev.penstock.base.Visible;
import dev.penstock.task.TaskId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Writes one line for each answer with status 500: whoever has only the client's request id finds
 * the task and its owner, and whoever has the task finds the request.
 */
final class FailureLog {
  private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

  private FailureLog() {}

  /** A mistake of ours. */
  static void failed(Exchange exchange, Throwable mistake) {
    log(exchange, "internal_error", mistake);
  }

  /** What was asked for failed. Why is told where it ran, and may have words of its owner in it. */
  static void failed(Exchange exchange, ApiError error) {
    log(exchange, String.valueOf(error.code()), null);
  }

  private static void log(Exchange exchange, String code, @Nullable Throwable mistake) {
    String owner = exchange.owner() == null ? "-" : Visible.text(exchange.owner());
    TaskId about = exchange.task();
    String task = about == null ? "-" : about.value();
    try (var _ = MDC.putCloseable("task", about == null ? null : task);
        var _ = MDC.putCloseable("owner", exchange.owner())) {
      if (mistake == null) {
        LOG.warn("request {} failed: {}, task {}, owner {}", exchange.id(), code, task, owner);
      } else {
        LOG.error(
            "request {} failed: {}, task {}, owner {}", exchange.id(), code, task, owner, mistake);
      }
    }
  }
}
