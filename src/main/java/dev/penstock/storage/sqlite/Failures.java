package dev.penstock.storage.sqlite;

import dev.penstock.base.Unavailable;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** Says what an error of SQLite means to a caller. */
final class Failures {
  private static final int PRIMARY = 0xff;

  private Failures() {}

  /** True when the disk or the file is at fault, and not the statement. */
  static boolean ofStorage(Throwable failure) {
    return failure instanceof SQLException && !ofStatement(failure);
  }

  /**
   * What the caller gets. Every failure is rolled back, so nothing has changed, with one exception:
   * when the last step of a commit failed, the sync itself, the disk may have it all the same.
   */
  static RuntimeException toCaller(Throwable failure, Path file) {
    if (failure instanceof SQLiteException e
        && e.getResultCode() == SQLiteErrorCode.SQLITE_IOERR_FSYNC) {
      return Unavailable.unknown("database " + file + ": " + describe(e), e);
    }
    if (ofStorage(failure)) {
      return Unavailable.refused("database " + file + ": " + describe(failure), failure);
    }
    return failure instanceof RuntimeException bug
        ? bug
        : new IllegalStateException("database " + file, failure);
  }

  static String describe(Throwable failure) {
    return switch (primaryCode(failure)) {
      case 8 -> "it is read-only";
      case 10 -> "the disk cannot be read or written (" + failure.getMessage() + ")";
      case 13 -> "the disk is full";
      default -> String.valueOf(failure.getMessage());
    };
  }

  private static boolean ofStatement(Throwable failure) {
    SQLiteErrorCode[] ours = {
      SQLiteErrorCode.SQLITE_ERROR,
      SQLiteErrorCode.SQLITE_CONSTRAINT,
      SQLiteErrorCode.SQLITE_MISMATCH,
      SQLiteErrorCode.SQLITE_MISUSE,
      SQLiteErrorCode.SQLITE_RANGE,
      SQLiteErrorCode.SQLITE_TOOBIG
    };
    int code = primaryCode(failure);
    for (SQLiteErrorCode known : ours) {
      if (known.code == code) {
        return true;
      }
    }
    return code < 0;
  }

  private static int primaryCode(Throwable failure) {
    return failure instanceof SQLiteException e ? e.getResultCode().code & PRIMARY : -1;
  }
}
