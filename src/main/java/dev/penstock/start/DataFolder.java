package dev.penstock.start;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Where prompts and results are kept: made so that only their owner can read them. */
final class DataFolder {
  private DataFolder() {}

  /** Makes what is missing; what is there keeps the permissions its owner gave it. */
  static void prepare(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder, only(folder, "rwx------"));
    }
  }

  /** Makes the database's file and the folder it is in, where they are missing. */
  static void prepareDatabase(Path database) throws IOException {
    Path above = database.toAbsolutePath().getParent();
    if (above != null) {
      Files.createDirectories(above);
    }
    try {
      Files.createFile(database, only(database, "rw-------"));
    } catch (FileAlreadyExistsException e) {
      // SQLite gives its log the permissions of the database beside it.
    }
  }

  private static FileAttribute<?>[] only(Path path, String permissions) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
