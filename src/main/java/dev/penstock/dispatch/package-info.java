/** The only writer of task state: submit, lease, extend, settle, sweep and schedule. */
@NullMarked
package dev.penstock.dispatch;

import org.jspecify.annotations.NullMarked;
