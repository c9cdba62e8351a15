package dev.penstock.storage.sqlite;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second process off the file: which deliveries are in flight is known in one process only.
 * The lock dies with the process; the empty lock file stays.
 */
final class FileGuard implements AutoCloseable {
  private final FileChannel channel;

  private FileGuard(FileChannel channel) {
    this.channel = channel;
  }

  static FileGuard lock(Path database) {
    Path file = database.resolveSibling(database.getFileName() + ".lock");
    @Nullable FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() != null) {
        return new FileGuard(channel);
      }
    } catch (OverlappingFileLockException e) {
      // Held within this process: as bad as by another.
    } catch (IOException e) {
      closeQuietly(channel);
      throw new CannotOpen("database " + database + ": cannot lock " + file + ": " + e, e);
    }
    closeQuietly(channel);
    throw new CannotOpen(
        "database %s is in use by another process (lock %s)".formatted(database, file));
  }

  @Override
  public void close() {
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
