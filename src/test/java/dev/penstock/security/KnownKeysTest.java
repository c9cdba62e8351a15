package dev.penstock.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.base.Unavailable;
import dev.penstock.core.ApiKey;
import dev.penstock.core.Scope;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.Storage;
import dev.penstock.storage.sqlite.SqliteDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is remembered of keys, over a real store; closing the database takes it away. */
final class KnownKeysTest {
  private static final String HASH = "ab".repeat(32);
  private static final ApiKey KEY =
      new ApiKey(
          "key-1", "acme", Set.of(Scope.CLIENT), HASH, null, null, Instant.ofEpochSecond(1), null);

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private SqliteDatabase database;

  @SuppressWarnings("NullAway.Init")
  private Counting store;

  @SuppressWarnings("NullAway.Init")
  private KnownKeys known;

  private long now = Long.MAX_VALUE - 5; // It may overflow.

  @BeforeEach
  void open() {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    store = new Counting(Storage.in(database, InstantSource.system()).keys());
    store.add(KEY);
    known = new KnownKeys(store, () -> now);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void aKeyInUseIsLookedUpNowAndThen() {
    for (int i = 0; i < 100; i++) {
      assertThat(known.find(HASH)).contains(KEY);
    }
    assertThat(store.finds).hasValue(1);
    pass(KnownKeys.FRESH);
    assertThat(known.find(HASH)).contains(KEY);
    assertThat(known.find(HASH)).contains(KEY);
    assertThat(store.finds).hasValue(2);
  }

  @Test
  void aKeyThatIsRevokedElsewhereStopsWithinFiveSeconds() {
    known.find(HASH);
    store.revoke(KEY.id(), Instant.ofEpochSecond(2));
    pass(Duration.ofSeconds(5));
    assertThat(known.find(HASH)).isEmpty();
  }

  @Test
  void aKeyThatIsRevokedHereStopsAtOnce() {
    known.find(HASH);
    store.revoke(KEY.id(), Instant.ofEpochSecond(2));
    known.revoked(HASH);
    assertThat(known.find(HASH)).isEmpty();
  }

  @Test
  void aLookUpThatARevocationOvertakesDoesNotBringTheKeyBack() {
    store.meanwhile.set(this::revokeHere);
    assertThat(known.find(HASH)).as("its look-up began before").isEmpty();
    assertThat(known.find(HASH)).isEmpty();
    pass(KnownKeys.FRESH);
    database.close();
    assertThatThrownBy(() -> known.find(HASH))
        .as("nothing is remembered for when the store is away")
        .isInstanceOf(Unavailable.class);
  }

  @Test
  void aKeyInUseThatIsRevokedWhileTheStoreIsAskedAgainStops() {
    known.find(HASH);
    pass(KnownKeys.FRESH);
    store.meanwhile.set(() -> {
      revokeHere();
      database.close();
      throw Unavailable.refused("it has gone away", new IllegalStateException());
    });
    assertThat(known.find(HASH)).isEmpty();
    pass(KnownKeys.FRESH);
    assertThatThrownBy(() -> known.find(HASH)).isInstanceOf(Unavailable.class);
  }

  @Test
  void aRevocationOfAnotherKeyLetsALookUpPass() {
    store.meanwhile.set(() -> known.revoked("another"));
    assertThat(known.find(HASH)).contains(KEY);
    assertThat(known.find(HASH)).as("asked anew").contains(KEY);
    assertThat(store.finds).hasValue(2);
  }

  /** As somebody does it at this node while a look-up has its answer and is on its way back. */
  private void revokeHere() {
    store.revoke(KEY.id(), Instant.ofEpochSecond(2));
    known.revoked(HASH);
  }

  @Test
  void anUnknownKeyIsRememberedToo() {
    for (int i = 0; i < 100; i++) {
      assertThat(known.find("nobody")).isEmpty();
    }
    assertThat(store.finds).hasValue(1);
    pass(KnownKeys.FRESH);
    known.find("nobody");
    assertThat(store.finds).hasValue(2);
  }

  @Test
  void guessingDoesNotPushOutTheKeysInUse() {
    known.find(HASH);
    for (int i = 0; i < 2 * KnownKeys.MOST; i++) {
      known.find("guess " + i);
    }
    int before = store.finds.get();
    assertThat(known.find(HASH)).contains(KEY);
    assertThat(store.finds).hasValue(before);
  }

  @Test
  void whenTheStoreIsAwayAKeyGoesOnForAWhile() {
    known.find(HASH);
    database.close();
    pass(KnownKeys.GRACE);
    int before = store.finds.get();
    for (int i = 0; i < 10; i++) {
      assertThat(known.find(HASH)).contains(KEY);
    }
    assertThat(store.finds).as("asked once").hasValue(before + 1);
    pass(Duration.ofNanos(1));
    assertThatThrownBy(() -> known.find(HASH)).isInstanceOf(Unavailable.class);
  }

  @Test
  void whenTheStoreIsAwayNothingIsSaidOfOtherKeys() {
    database.close();
    assertThatThrownBy(() -> known.find(HASH)).isInstanceOf(Unavailable.class);
    assertThatThrownBy(() -> known.find("nobody")).isInstanceOf(Unavailable.class);
  }

  /**
   * The real store, and how often a key was looked up in it.
   *
   * @param meanwhile happens once, between a look-up and its answer
   */
  private record Counting(KeyStore real, AtomicInteger finds, AtomicReference<Runnable> meanwhile)
      implements KeyStore {
    Counting(KeyStore real) {
      this(real, new AtomicInteger(), new AtomicReference<>(Counting::nothing));
    }

    private static void nothing() {}

    @Override
    public Added add(ApiKey key) {
      return real.add(key);
    }

    @Override
    public Optional<ApiKey> find(String hash) {
      finds.incrementAndGet();
      Optional<ApiKey> found = real.find(hash);
      meanwhile.getAndSet(Counting::nothing).run();
      return found;
    }

    @Override
    public List<ApiKey> list() {
      return real.list();
    }

    @Override
    public Optional<ApiKey> revoke(String id, Instant at) {
      return real.revoke(id, at);
    }

    @Override
    public Set<String> owners() {
      return real.owners();
    }
  }
}
