package dev.penstock.store;

import dev.penstock.sqlite.SqliteDatabase;
import java.time.InstantSource;

/** Opens task stores. */
public final class TaskStores {

  private TaskStores() {}

  /** The store in the embedded database, which the caller closes. There is one a file. */
  public static TaskStore open(SqliteDatabase database, InstantSource clock) {
    return SqliteTaskStore.open(database, clock);
  }
}
