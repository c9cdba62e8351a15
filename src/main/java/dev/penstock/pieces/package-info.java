/** Pieces of results on their way to who listens: kept for a while, sent between nodes, read. */
@NullMarked
package dev.penstock.pieces;

import org.jspecify.annotations.NullMarked;
