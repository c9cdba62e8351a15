package dev.penstock.core;

import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import org.jspecify.annotations.Nullable;

/**
 * A lease that its worker still holds and wants to last longer.
 *
 * @param progress how far the run is; null: nothing new
 */
public record HeldLease(TaskId id, String token, @Nullable Progress progress) {}
