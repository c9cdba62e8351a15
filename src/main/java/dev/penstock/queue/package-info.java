/**
 * Where ready work waits: the {@link dev.penstock.queue.TaskQueue} port and its implementations.
 */
@NullMarked
package dev.penstock.queue;

import org.jspecify.annotations.NullMarked;
