/** The typed event bus: messages, and ask, tell and serve over them. */
@NullMarked
package dev.penstock.bus;

import org.jspecify.annotations.NullMarked;
