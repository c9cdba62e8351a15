package dev.penstock.storage.sqlite;

import java.sql.SQLException;

/**
 * Something to do on a connection. It runs on one of the database's own threads, so it must not
 * wait for anything, and it may run a second time when the first was rolled back: it changes the
 * database and its own result, nothing else.
 */
@FunctionalInterface
interface Work<R> {
  R on(SqliteConnection connection) throws SQLException;
}
