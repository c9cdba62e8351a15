package dev.penstock.security;

import dev.penstock.base.OwnerOnly;
import dev.penstock.base.Visible;
import dev.penstock.config.BadSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The generated API key, kept in the data folder so that it outlives a restart. */
final class KeyFile {
  static final String NAME = "api-key";

  private static final Logger LOG = LoggerFactory.getLogger(KeyFile.class);
  private static final String PREFIX = "sk-penstock-";
  private static final int RANDOM_BYTES = 32;
  private static final int MAX_BYTES = 1_024;
  private static final String KEY = "[!-~]{16,512}";

  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private KeyFile() {}

  record Kept(String key, Path file, boolean generated) {}

  static Kept readOrGenerate(Path dir) {
    Path file = dir.resolve(NAME);
    try {
      return new Kept(read(file), file, false);
    } catch (NoSuchFileException e) {
      return new Kept(generate(dir, file), file, true);
    } catch (IOException e) {
      throw new BadSettings(
          Visible.text(file + ": the API key cannot be read: " + e)
              + "; set auth.token, or data.dir to another folder");
    }
  }

  private static String read(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES);
    }
    String key = new String(bytes, StandardCharsets.UTF_8).strip();
    if (!key.matches(KEY)) {
      throw new BadSettings(
          Visible.text(file.toString())
              + ": must hold one key of 16 to 512 visible ASCII characters;"
              + " without the file, the next start generates one");
    }
    if (posix(file)) {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
      if (permissions.stream().anyMatch(OTHERS::contains)) {
        LOG.warn(
            "{} is open to other users ({}); chmod 600 closes it",
            file,
            PosixFilePermissions.toString(permissions));
      }
    }
    return key;
  }

  /** A new key, whether it is kept in a file or handed to somebody. */
  static String newKey() {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
  }

  private static String generate(Path dir, Path file) {
    String key = newKey();
    Path unfinished = dir.resolve(NAME + ".new");
    try {
      Files.createDirectories(dir, OwnerOnly.folder(dir));
      // Left by a start that died here.
      Files.deleteIfExists(unfinished);
      try (FileChannel channel =
          FileChannel.open(
              unfinished,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              OwnerOnly.file(dir))) {
        ByteBuffer bytes = ByteBuffer.wrap((key + "\n").getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      // Whole or not there: a start that dies in between must not leave half a key.
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      return key;
    } catch (FileAlreadyExistsException e) {
      throw new BadSettings(Visible.text("data.dir = " + dir + ": must be a folder: " + e));
    } catch (IOException e) {
      throw new BadSettings(
          Visible.text("data.dir = " + dir + ": the API key cannot be written there: " + e));
    }
  }

  private static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
