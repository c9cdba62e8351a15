/** The registry of task types; each has a room of its own below. */
@NullMarked
package dev.penstock.types;

import org.jspecify.annotations.NullMarked;
