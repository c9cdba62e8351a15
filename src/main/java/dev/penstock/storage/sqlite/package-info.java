/** Tasks, queue and keys in one SQLite file: one writer, many readers. */
@NullMarked
package dev.penstock.storage.sqlite;

import org.jspecify.annotations.NullMarked;
