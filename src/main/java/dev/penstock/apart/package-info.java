/**
 * Runs tasks that may kill their process in one beside it: {@link dev.penstock.apart.ApartRuns} in
 * the node, {@link dev.penstock.apart.ApartChild} in the child.
 *
 * <p>They talk in turns, since a child answers one call at a time: the node sends what it has to
 * say, and the child answers with what has happened, or after a moment with nothing.
 */
@NullMarked
package dev.penstock.apart;

import org.jspecify.annotations.NullMarked;
