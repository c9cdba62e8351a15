/**
 * The embedded database that the SQLite queue and the SQLite store share: one writer, many readers.
 */
@NullMarked
package dev.penstock.sqlite;

import org.jspecify.annotations.NullMarked;
