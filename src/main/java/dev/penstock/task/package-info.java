/**
 * What a task is: its states, limits, outcomes and the handlers that run it. Imports nothing of
 * ours.
 */
@NullMarked
package dev.penstock.task;

import org.jspecify.annotations.NullMarked;
