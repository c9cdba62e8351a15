package dev.penstock.storage.sqlite;

import dev.penstock.base.OwnerOnly;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second process off the file, by whichever name it comes: which deliveries are in flight
 * is known in one process only. The lock lies beside the file itself, where links lead to; of other
 * names of the same file SQLite's own locks tell. It dies with the process; the empty lock file
 * stays.
 */
final class FileGuard implements AutoCloseable {
  /** Where SQLite locks a file for readers, as each connection does for as long as it is open. */
  private static final long SHARED_FIRST = 0x40000002L;

  private static final long SHARED_SIZE = 510;
  private static final int MOST_LINKS = 40;

  /** The files that are open in this process: looking for locks on them would drop our own. */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private final FileChannel channel;
  private final Path real;

  private FileGuard(FileChannel channel, Path real) {
    this.channel = channel;
    this.real = real;
  }

  static FileGuard lock(Path database) {
    Path real;
    try {
      real = real(database);
    } catch (IOException e) {
      throw new CannotOpen("database " + database + ": cannot be found: " + e, e);
    }
    Path file = real.resolveSibling(real.getFileName() + ".lock");
    @Nullable FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              file,
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
              OwnerOnly.file(file));
      if (channel.tryLock() == null) {
        throw inUse(database, "lock " + file);
      }
      if (openHere(real) || readElsewhere(real)) {
        throw inUse(database, "under another name");
      }
      OPEN.add(real);
      return new FileGuard(channel, real);
    } catch (OverlappingFileLockException e) {
      // Held within this process: as bad as by another.
      closeQuietly(channel);
      throw inUse(database, "lock " + file);
    } catch (IOException e) {
      closeQuietly(channel);
      throw new CannotOpen("database " + database + ": cannot lock " + file + ": " + e, e);
    } catch (CannotOpen e) {
      closeQuietly(channel);
      throw e;
    }
  }

  private static CannotOpen inUse(Path database, String how) {
    return new CannotOpen("database %s is in use by another process (%s)".formatted(database, how));
  }

  /** Where the file is, or will be: SQLite makes one where a link leads to. */
  private static Path real(Path database) throws IOException {
    Path path = database.toAbsolutePath();
    for (int links = 0; Files.isSymbolicLink(path) && links < MOST_LINKS; links++) {
      path = path.resolveSibling(Files.readSymbolicLink(path)).normalize();
    }
    Path folder = path.getParent();
    return folder == null ? path : folder.toRealPath().resolve(path.getFileName());
  }

  private static boolean openHere(Path real) throws IOException {
    for (Path open : OPEN) {
      if (Files.exists(open) && Files.exists(real) && Files.isSameFile(open, real)) {
        return true;
      }
    }
    return false;
  }

  /** Whether another process has the file open with SQLite. */
  private static boolean readElsewhere(Path real) {
    try (var probed = FileChannel.open(real, StandardOpenOption.WRITE);
        FileLock free = probed.tryLock(SHARED_FIRST, SHARED_SIZE, false)) {
      return free == null;
    } catch (IOException e) {
      return false; // It is not there, or nobody may write it: SQLite says so.
    }
  }

  @Override
  public void close() {
    OPEN.remove(real);
    closeQuietly(channel);
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The lock is gone with the process at the latest.
    }
  }
}
