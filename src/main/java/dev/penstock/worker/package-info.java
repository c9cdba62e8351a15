/** Leases tasks, runs them and settles them; knows no model and no task type. */
@NullMarked
package dev.penstock.worker;

import org.jspecify.annotations.NullMarked;
