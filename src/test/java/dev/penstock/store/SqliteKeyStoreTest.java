package dev.penstock.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.sqlite.SqliteDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

final class SqliteKeyStoreTest extends KeyStoreContract {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // The contract opens it before each test.
  private SqliteDatabase database;

  @Override
  KeyStore open() {
    database = SqliteDatabase.open(folder.resolve("data/penstock.db"));
    assertThat(KeyStores.open(database)).isInstanceOf(SqliteKeyStore.class);
    return new SqliteKeyStore(database, MOST);
  }

  @Override
  void shutDown() {
    database.close();
  }
}
