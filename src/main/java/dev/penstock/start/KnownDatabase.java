package dev.penstock.start;

import dev.penstock.base.OwnerOnly;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a database that is lost from one that has not been made yet: to SQLite both are a new one,
 * and every task would be gone without a word. The data folder remembers which file is in use.
 */
final class KnownDatabase {
  private static final Logger LOG = LoggerFactory.getLogger(KnownDatabase.class);
  private static final String NAME = "database.path";

  /** The file is being made: whatever is there may be empty. */
  private static final String MAKING = "making";

  private static final String KEPT = "kept";

  private final Path database;
  private final Path note;

  /**
   * @param folder the data folder
   */
  KnownDatabase(Path database, Path folder) {
    this.database = database.toAbsolutePath().normalize();
    this.note = folder.toAbsolutePath().normalize().resolve(NAME);
  }

  /**
   * Before the file is opened.
   *
   * @throws IOException when there was one: one line that says what to do
   */
  void check() throws IOException {
    boolean known = says(KEPT);
    if (!Files.exists(database)) {
      if (known) {
        throw new IOException(
            "the database %s was there at the last start, and is gone: put it back, or mount what it was on; to begin with an empty one, remove %s"
                .formatted(database, note));
      }
      write(MAKING);
    } else if (Files.isRegularFile(database) && Files.size(database) == 0 && !says(MAKING)) {
      throw new IOException(
          "the database %s is there, but empty: its tasks are lost unless a copy is put back; to begin with an empty one, remove %s"
              .formatted(database, known ? database + " and " + note : database));
    }
  }

  /** It is open, and has what belongs to it. */
  void opened() {
    if (!says(KEPT)) {
      write(KEPT);
    }
  }

  private String line(String word) {
    return word + " " + database;
  }

  private boolean says(String word) {
    try {
      return Files.readString(note).strip().equals(line(word));
    } catch (IOException _) {
      return false;
    }
  }

  /** Not a reason to stop: only what it would have told is not known next time. */
  private void write(String word) {
    Path part = note.resolveSibling(NAME + ".new");
    try {
      Files.deleteIfExists(part);
      Files.createFile(part, OwnerOnly.file(part));
      Files.write(part, (line(word) + "\n").getBytes(StandardCharsets.UTF_8));
      Files.move(part, note, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.debug("{} cannot be written", note, e);
    }
  }
}
