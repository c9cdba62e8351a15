package dev.penstock;

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
  static void prepare(Path folder, Path database) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder, only(posix, "rwx------"));
    }
    Path above = database.toAbsolutePath().getParent();
    if (above != null) {
      Files.createDirectories(above);
    }
    try {
      Files.createFile(database, only(posix, "rw-------"));
    } catch (FileAlreadyExistsException e) {
      // SQLite gives its log the permissions of the database beside it.
    }
  }

  private static FileAttribute<?>[] only(boolean posix, String permissions) {
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
