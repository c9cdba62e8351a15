package dev.penstock.storage.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.KeyStore;
import dev.penstock.storage.KeyStoreContract;
import dev.penstock.storage.Storage;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.io.TempDir;

final class SqliteKeyStoreTest extends KeyStoreContract {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // The contract opens it before each test.
  private SqliteDatabase database;

  @Override
  protected KeyStore open() {
    database = SqliteDatabase.open(folder.resolve("data/penstock.db"));
    assertThat(Storage.in(database, InstantSource.system()).keys())
        .isInstanceOf(SqliteKeyStore.class);
    return new SqliteKeyStore(database, MOST);
  }

  @Override
  protected void shutDown() {
    database.close();
  }
}
