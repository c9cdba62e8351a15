package dev.penstock.storage.sqlite;

import dev.penstock.base.ResourceFile;
import java.io.IOException;
import java.nio.file.Path;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * SQLite itself, a native library. Its driver would unpack it into the temporary folder at every
 * start, leave it there when the process is killed, and fail where nothing may be executed there.
 */
public final class SqliteLibrary {
  private static final String FOLDER = "org.sqlite.lib.path";
  private static final String NAME = "org.sqlite.lib.name";

  private SqliteLibrary() {}

  /**
   * Unpacks it into the data folder, where it is not there as it should be, and loads it. Before
   * the first database is opened. A library that the user names wins.
   *
   * @throws CannotOpen when it cannot be unpacked, or not be loaded
   */
  public static void prepare(Path data) {
    if (System.getProperty(FOLDER) != null || System.getProperty(NAME) != null) {
      return;
    }
    String name = LibraryLoaderUtil.getNativeLibName();
    String resources = LibraryLoaderUtil.getNativeLibResourcePath().substring(1);
    if (!LibraryLoaderUtil.hasNativeLib("/" + resources, name)) {
      return; // the driver says so
    }
    Path folder = data.toAbsolutePath().normalize().resolve("native").resolve("sqlite");
    try {
      ResourceFile.unpackAs(resources + "/" + name, folder, name);
    } catch (IOException e) {
      throw new CannotOpen("SQLite cannot be unpacked into " + folder + ": " + e.getMessage(), e);
    }
    System.setProperty(FOLDER, folder.toString());
    System.setProperty(NAME, name);
    try {
      // By the driver, which loads none when it has one already: two of them would be mixed up.
      SQLiteJDBCLoader.initialize();
    } catch (Exception e) {
      throw new CannotOpen(
          "SQLite in %s cannot be loaded: %s. Programs in the data folder must be allowed to run: is it"
                  .formatted(folder, e.getMessage())
              + " mounted noexec?",
          e);
    }
  }
}
