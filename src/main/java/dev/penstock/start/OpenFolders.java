package dev.penstock.start;

import dev.penstock.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of folders and files of ours that other users of the machine may change. */
final class OpenFolders {
  private static final Logger LOG = LoggerFactory.getLogger(OpenFolders.class);

  private OpenFolders() {}

  /** Looks at all of them. */
  static void warn(Settings settings) {
    warn("data.dir", settings.data().dir(), "changes tasks, and the native code that is loaded");
    warn("db.path", settings.db().path(), "changes tasks");
    warn("plugins.dir", settings.plugins().dir(), "runs code in this program");
    warn("models.dir", settings.models().dir(), "gives native code its files");
  }

  /**
   * Says once if others may write there. A group that has its owner's name is that owner's alone.
   *
   * @param setting that names it
   * @param power what somebody who writes there does
   */
  private static void warn(String setting, Path path, String power) {
    try {
      PosixFileAttributes of = Files.readAttributes(path, PosixFileAttributes.class);
      Set<PosixFilePermission> may = of.permissions();
      boolean group =
          may.contains(PosixFilePermission.GROUP_WRITE)
              && !of.group().getName().equals(of.owner().getName());
      if (group || may.contains(PosixFilePermission.OTHERS_WRITE)) {
        LOG.warn(
            "{} = {} is open to other users ({}, of user {} and group {}): who writes there {};"
                + " chmod go-w closes it",
            setting,
            path,
            PosixFilePermissions.toString(may),
            of.owner().getName(),
            of.group().getName(),
            power);
      }
    } catch (IOException | UnsupportedOperationException e) {
      // It is not there, or its file system knows no permissions.
      LOG.debug("{} = {}: no permissions are known", setting, path, e);
    }
  }
}
