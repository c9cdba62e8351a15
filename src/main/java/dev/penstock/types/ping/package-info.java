/** The task type ping, which does nothing in ways one may ask for. */
@NullMarked
package dev.penstock.types.ping;

import org.jspecify.annotations.NullMarked;
