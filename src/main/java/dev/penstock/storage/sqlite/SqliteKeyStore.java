package dev.penstock.storage.sqlite;

import dev.penstock.core.ApiKey;
import dev.penstock.core.Reach;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Scopes;
import dev.penstock.task.Priority;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The keys in the embedded database. Every method is one transaction. */
public final class SqliteKeyStore implements KeyStore {
  private static final String COLUMNS =
      "SELECT id, owner, scopes, hash, highest, label, created_at, revoked_at, lanes, owners"
          + " FROM api_keys ";

  private static final String BY_HASH = COLUMNS + "WHERE hash = ?";
  private static final String BY_ID = COLUMNS + "WHERE id = ?";
  private static final String ALL = COLUMNS + "ORDER BY created_at DESC, id";

  private static final String ADD =
      """
      INSERT INTO api_keys (id, owner, scopes, hash, highest, label, created_at, revoked_at, lanes,
        owners)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String FORGET =
      """
      DELETE FROM api_keys WHERE hash =
        (SELECT hash FROM api_keys WHERE revoked_at IS NOT NULL ORDER BY revoked_at LIMIT 1)
      """;

  private static final String REVOKE =
      "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";

  private static final String KNOWN_OWNER = "SELECT owner FROM key_owners WHERE owner = ?";
  private static final String ADD_OWNER = "INSERT OR IGNORE INTO key_owners (owner) VALUES (?)";
  private static final String OWNERS = "SELECT owner FROM key_owners";

  private final SqliteDatabase database;
  private final int most;

  public SqliteKeyStore(SqliteDatabase database, int most) {
    this.database = database;
    this.most = most;
  }

  @Override
  public Added add(ApiKey key) {
    return database.write(Durability.SYNCED, connection -> add(connection, key));
  }

  private Added add(SqliteConnection connection, ApiKey key) throws SQLException {
    if (one(connection, BY_HASH, key.hash()).isPresent()) {
      return Added.NOW; // repeated
    }
    if (key.submits()
        && connection.number("SELECT count(*) FROM key_owners") >= most
        && !Columns.any(Columns.bind(connection.prepare(KNOWN_OWNER), key.owner()))) {
      return Added.TOO_MANY_OWNERS;
    }
    if (connection.number("SELECT count(*) FROM api_keys") >= most
        && connection.prepare(FORGET).executeUpdate() == 0) {
      return Added.TOO_MANY_KEYS;
    }
    Priority highest = key.highest();
    Columns.bind(
            connection.prepare(ADD),
            key.id(),
            key.owner(),
            Scopes.text(key.scopes()),
            key.hash(),
            highest == null ? null : highest.value(),
            key.label(),
            Micros.of(key.created()),
            Micros.ofNullable(key.revoked()),
            Scopes.ofNames(key.reach().lanes()),
            Scopes.ofNames(key.reach().owners()))
        .executeUpdate();
    if (key.submits()) {
      Columns.bind(connection.prepare(ADD_OWNER), key.owner()).executeUpdate();
    }
    return Added.NOW;
  }

  @Override
  public Optional<ApiKey> find(String hash) {
    return database.read(connection -> one(connection, BY_HASH, hash));
  }

  @Override
  public List<ApiKey> list() {
    return database.read(connection -> Columns.all(connection.prepare(ALL), SqliteKeyStore::read));
  }

  @Override
  public Optional<ApiKey> revoke(String id, Instant at) {
    return database.write(
        Durability.SYNCED,
        connection -> {
          Columns.bind(connection.prepare(REVOKE), Micros.of(at), id).executeUpdate();
          return one(connection, BY_ID, id);
        });
  }

  @Override
  public Set<String> owners() {
    return database.read(
        connection -> new HashSet<>(Columns.all(connection.prepare(OWNERS), Columns::text)));
  }

  private static Optional<ApiKey> one(SqliteConnection connection, String sql, String name)
      throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(sql), name), SqliteKeyStore::read);
  }

  private static ApiKey read(Columns row) throws SQLException {
    String id = row.text();
    String owner = row.text();
    String scopes = row.text();
    String hash = row.text();
    Long highest = row.numberOrNull();
    String label = row.textOrNull();
    Instant created = Micros.toInstant(row.number());
    Instant revoked = TaskRows.instant(row.numberOrNull());
    String lanes = row.textOrNull();
    String owners = row.textOrNull();
    return new ApiKey(
        id,
        owner,
        Scopes.of(scopes),
        hash,
        highest == null ? null : new Priority(highest.intValue()),
        label,
        created,
        revoked,
        new Reach(Scopes.names(lanes), Scopes.names(owners)));
  }
}
