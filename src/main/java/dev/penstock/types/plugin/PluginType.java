package dev.penstock.types.plugin;

import dev.penstock.task.TaskHandler;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.SchemaType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A task type that a plugin brings. */
public final class PluginType extends SchemaType {
  private final TaskHandler handler;

  public PluginType(TaskHandler handler) {
    super(handler.type(), handler.inputSchema(), handler.outputSchema());
    this.handler = handler;
  }

  @Override
  public @Nullable Duration retryAfter(int attempts) {
    return handler.retryAfter(attempts);
  }

  @Override
  public TaskHandler handler(HandlerParts parts) {
    return handler;
  }
}
