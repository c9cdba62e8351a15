package dev.penstock.base;

import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Permissions of what is made, from its first moment on: nobody but its owner reads it. Nothing
 * where the file system knows none.
 */
public final class OwnerOnly {
  private OwnerOnly() {}

  /** Of a folder, and of those above it that are made with it. */
  public static FileAttribute<?>[] folder(Path path) {
    return mode(path, "rwx------");
  }

  /** Of a file. */
  public static FileAttribute<?>[] file(Path path) {
    return mode(path, "rw-------");
  }

  private static FileAttribute<?>[] mode(Path path, String permissions) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
