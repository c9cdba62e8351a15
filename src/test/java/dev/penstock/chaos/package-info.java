/** Faults drawn from a seed, one after another, against a real Penstock under load. */
@NullMarked
package dev.penstock.chaos;

import org.jspecify.annotations.NullMarked;
