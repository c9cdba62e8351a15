package dev.penstock.start;

import dev.penstock.base.OwnerOnly;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;

/**
 * Where prompts and results are kept: made so that only their owner can read them. All that the
 * program writes is in it, native libraries included.
 */
final class DataFolder {
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  private DataFolder() {}

  /**
   * Makes what is missing; what is there keeps the permissions its owner gave it.
   *
   * @throws IOException when the program cannot live in it: one line that says why
   */
  static void prepare(Path folder) throws IOException {
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(folder, OwnerOnly.folder(folder));
      }
      Files.delete(Files.createTempFile(folder, "write-", ".try", OwnerOnly.file(folder)));
    } catch (IOException e) {
      throw new IOException(whyNot("data folder " + folder, folder, e), e);
    }
    if (!temporaryFiles()) {
      Path own = Files.createDirectories(folder.resolve("temp"), OwnerOnly.folder(folder));
      String option = "-Djava.io.tmpdir=" + own.toAbsolutePath();
      SameProcess.startAgainWith(option, option);
    }
    Optional<Path> mount = Files.isReadable(MOUNTS) ? noexec(folder, MOUNTS) : Optional.empty();
    if (mount.isPresent()) {
      throw new IOException(
          "in the data folder %s nothing may be executed: %s is mounted noexec, and native libraries are unpacked into it. Mount it with exec, or set data.dir to another folder (db.path may stay)"
              .formatted(folder.toAbsolutePath(), mount.get()));
    }
  }

  /**
   * Whether files can be made in the temporary folder, which is told to the JVM as it starts, and
   * which ONNX Runtime does not do without.
   */
  private static boolean temporaryFiles() {
    try {
      Files.delete(Files.createTempFile("penstock-", ".try"));
      return true;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }

  /** Makes the database's file and the folder it is in, where they are missing. */
  static void prepareDatabase(Path database) throws IOException {
    try {
      Path above = database.toAbsolutePath().getParent();
      if (above != null) {
        Files.createDirectories(above);
      }
      Files.createFile(database, OwnerOnly.file(database));
    } catch (FileAlreadyExistsException e) {
      // SQLite gives its log the permissions of the database beside it.
    } catch (IOException e) {
      throw new IOException(whyNot("database " + database, database, e), e);
    }
  }

  /** Vert.x would make a folder for copies of files below the temporary one, which nothing uses. */
  static FileSystemOptions noFileCache() {
    return new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false);
  }

  /**
   * The mount that the folder is in, where it is one on which nothing may be executed.
   *
   * @param mounts as in {@code /proc/self/mountinfo}
   */
  static Optional<Path> noexec(Path folder, Path mounts) throws IOException {
    Path real = folder.toRealPath();
    Path nearest = Path.of("/");
    boolean executes = true;
    for (String line : Files.readAllLines(mounts)) {
      String[] fields = line.split(" ", -1);
      Path mount = Path.of(unescaped(fields[4]));
      // Of those in one place the last one covers the others.
      if (real.startsWith(mount) && mount.getNameCount() >= nearest.getNameCount()) {
        nearest = mount;
        executes = !Arrays.asList(fields[5].split(",", -1)).contains("noexec");
      }
    }
    return executes ? Optional.empty() : Optional.of(nearest);
  }

  /** Spaces and the like are written as octal numbers. */
  private static String unescaped(String path) {
    return path.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }

  private static String whyNot(String what, Path path, IOException e) {
    Path there = path.toAbsolutePath().normalize();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    String reason =
        Files.isRegularFile(there)
            ? there + " is a file"
            : e instanceof AccessDeniedException
                ? "permission denied"
                : e instanceof FileSystemException failed && failed.getReason() != null
                    ? failed.getReason()
                    : e instanceof NoSuchFileException
                        ? "no folder can be made in " + there
                        : String.valueOf(e.getMessage());
    return "the %s cannot be written by %s: %s%s".formatted(what, user(), reason, owner(there));
  }

  private static String owner(Path path) {
    try {
      PosixFileAttributes of = Files.readAttributes(path, PosixFileAttributes.class);
      return " (%s belongs to user %s and group %s, %s)"
          .formatted(
              path,
              of.owner().getName(),
              of.group().getName(),
              PosixFilePermissions.toString(of.permissions()));
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  /** By name and number: in a container the name says little, and outside of it nothing. */
  private static String user() {
    String name = System.getProperty("user.name", "?");
    try {
      Object uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid", LinkOption.NOFOLLOW_LINKS);
      return "user " + name + " (uid " + uid + ")";
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return "user " + name;
    }
  }
}
