package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KnownDatabaseTest {
  @TempDir Path folder;

  private Path database() {
    return folder.resolve("store/penstock.db");
  }

  private KnownDatabase known() {
    return new KnownDatabase(database(), folder);
  }

  private void start() throws Exception {
    known().check();
    DataFolder.prepareDatabase(database());
    Files.writeString(database(), "content");
    known().opened();
  }

  @Test
  void aFirstStartAndThoseAfterItGoOn() throws Exception {
    start();
    start();
  }

  @Test
  void aStartThatDiedBeforeAnythingWasKeptIsNoReasonToStop() throws Exception {
    known().check();
    DataFolder.prepareDatabase(database());
    assertThat(database()).isEmptyFile();
    start();
  }

  @Test
  void aDatabaseThatIsGoneStopsTheStartAndSaysHowToGoOn() throws Exception {
    start();
    Files.delete(database());
    assertThatThrownBy(known()::check)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(
            "database " + database() + " was there at the last start, and is gone")
        .hasMessageContaining("remove " + folder.resolve("database.path"));
    Files.delete(folder.resolve("database.path"));
    start();
  }

  @Test
  void aDatabaseThatIsEmptyStopsTheStartAndSaysHowToGoOn() throws Exception {
    start();
    Files.write(database(), new byte[0]);
    assertThatThrownBy(known()::check)
        .hasMessageContaining("database " + database() + " is there, but empty")
        .hasMessageContaining("remove " + database() + " and " + folder.resolve("database.path"));
    Files.delete(folder.resolve("database.path"));
    assertThatThrownBy(known()::check)
        .as("an older version has left no note")
        .hasMessageContaining("empty")
        .hasMessageEndingWith("remove " + database());
  }

  @Test
  void anotherDatabaseIsANewOne() throws Exception {
    start();
    var other = new KnownDatabase(folder.resolve("other.db"), folder);
    assertThatCode(other::check).doesNotThrowAnyException();
  }
}
