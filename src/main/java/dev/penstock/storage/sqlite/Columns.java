package dev.penstock.storage.sqlite;

import dev.penstock.task.TaskId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Binds the parameters of a statement in order, and reads the columns of its rows likewise. */
final class Columns {
  private static final byte[] NO_BYTES = {};

  private final ResultSet rows;
  private int at;

  /** Makes something of a row. */
  @FunctionalInterface
  interface Reader<T> {
    T read(Columns row) throws SQLException;
  }

  Columns(ResultSet rows) {
    this.rows = rows;
  }

  long number() throws SQLException {
    return rows.getLong(++at);
  }

  int small() throws SQLException {
    return rows.getInt(++at);
  }

  @Nullable Long numberOrNull() throws SQLException {
    long number = rows.getLong(++at);
    return rows.wasNull() ? null : number;
  }

  String text() throws SQLException {
    return rows.getString(++at);
  }

  @Nullable String textOrNull() throws SQLException {
    return rows.getString(++at);
  }

  /** An empty blob comes as null from the driver. */
  byte[] bytes() throws SQLException {
    byte[] bytes = rows.getBytes(++at);
    return bytes == null ? NO_BYTES : bytes;
  }

  TaskId id() throws SQLException {
    return new TaskId(text());
  }

  /** All that the statement answers. */
  static <T> List<T> all(PreparedStatement statement, Reader<T> reader) throws SQLException {
    List<T> all = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        all.add(reader.read(new Columns(rows)));
      }
    }
    return all;
  }

  /** The first of it; empty: it answers nothing. */
  static <T> Optional<T> first(PreparedStatement statement, Reader<T> reader) throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      return rows.next() ? Optional.of(reader.read(new Columns(rows))) : Optional.empty();
    }
  }

  /** Whether it answers anything. */
  static boolean any(PreparedStatement statement) throws SQLException {
    return first(statement, _ -> true).isPresent();
  }

  /** Binds all parameters of the statement, in order. */
  static PreparedStatement bind(PreparedStatement statement, @Nullable Object... values)
      throws SQLException {
    for (int i = 0; i < values.length; i++) {
      switch (values[i]) {
        case null -> statement.setNull(i + 1, Types.NULL);
        case Long number -> statement.setLong(i + 1, number);
        case Integer number -> statement.setInt(i + 1, number);
        case byte[] bytes -> statement.setBytes(i + 1, bytes);
        case TaskId id -> statement.setString(i + 1, id.value());
        case Object other -> statement.setString(i + 1, other.toString());
      }
    }
    return statement;
  }
}
