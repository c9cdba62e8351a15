/**
 * What is known of every task: the {@link dev.penstock.store.TaskStore} port and its
 * implementations.
 */
@NullMarked
package dev.penstock.store;

import org.jspecify.annotations.NullMarked;
