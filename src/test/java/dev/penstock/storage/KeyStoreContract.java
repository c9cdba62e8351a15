package dev.penstock.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.ApiKey;
import dev.penstock.core.Reach;
import dev.penstock.core.Scope;
import dev.penstock.storage.KeyStore.Added;
import dev.penstock.task.Priority;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every key store must do. */
public abstract class KeyStoreContract {
  public static final int MOST = 4;
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678901Z");

  private final AtomicInteger made = new AtomicInteger();
  private KeyStore store;

  /** Opens the store of this test: empty at first, then with what was there when it was closed. */
  protected abstract KeyStore open() throws Exception;

  /** Closes the store and all it stands on. */
  protected abstract void shutDown() throws Exception;

  @BeforeEach
  void openStore() throws Exception {
    store = open();
  }

  @AfterEach
  void closeStore() throws Exception {
    shutDown();
  }

  /** The key made n-th, n seconds after the first. */
  private ApiKey key(String owner) {
    return key(owner, Scope.CLIENT);
  }

  private ApiKey key(String owner, Scope scope) {
    int n = made.incrementAndGet();
    return new ApiKey(
        "key-" + n,
        owner,
        Set.of(scope),
        "%064x".formatted(n),
        null,
        null,
        NOW.plusSeconds(n),
        null);
  }

  private ApiKey added(String owner) {
    ApiKey key = key(owner);
    assertThat(store.add(key)).isEqualTo(Added.NOW);
    return key;
  }

  @Test
  void aKeyIsFoundByItsHashAsItWasAdded() throws Exception {
    ApiKey whole =
        new ApiKey(
            "key-a",
            "water & co",
            EnumSet.allOf(Scope.class),
            "ab".repeat(32),
            new Priority(0),
            "the \"mill\" – \ud83d\udca7\\",
            NOW,
            null);
    store.add(whole);
    ApiKey plain = added("acme");

    assertThat(store.find(whole.hash())).contains(whole);
    assertThat(store.find(plain.hash())).contains(plain);
    assertThat(store.find("cd".repeat(32))).isEmpty();
    shutDown();
    store = open();
    assertThat(store.find(whole.hash())).contains(whole);
  }

  @Test
  void whatAWorkersKeyIsBoundToIsKeptAndStaysWhenItIsRevoked() throws Exception {
    var reach = new Reach(Set.of("ping", "embedding.all-minilm-l6-v2"), Set.of("acme", "mill"));
    ApiKey bound =
        new ApiKey(
            "key-b", "far", Set.of(Scope.WORKER), "ef".repeat(32), null, null, NOW, null, reach);
    store.add(bound);
    shutDown();
    store = open();
    assertThat(store.find(bound.hash())).contains(bound);
    assertThat(store.revoke("key-b", NOW).orElseThrow().reach()).isEqualTo(reach);
    assertThat(store.list().getFirst().reach()).isEqualTo(reach);
  }

  @Test
  void allAreListedNewestFirst() {
    ApiKey first = added("a");
    ApiKey second = added("b");
    ApiKey third = added("a");

    assertThat(store.list()).containsExactly(third, second, first);
  }

  @Test
  void addingAKeyAgainChangesNothing() {
    ApiKey key = added("a");
    ApiKey revoked = store.revoke(key.id(), NOW).orElseThrow();

    assertThat(store.add(key)).isEqualTo(Added.NOW);
    assertThat(store.list()).containsExactly(revoked);
  }

  @Test
  void aRevokedKeyStaysWithTheTimeItWasFirstRevoked() {
    ApiKey key = added("a");
    ApiKey other = added("b");
    Instant at = NOW.plusSeconds(100);

    ApiKey revoked = store.revoke(key.id(), at).orElseThrow();
    assertThat(revoked.revoked()).isEqualTo(at);
    assertThat(revoked).usingRecursiveComparison().ignoringFields("revoked").isEqualTo(key);
    assertThat(store.revoke(key.id(), at.plusSeconds(1))).contains(revoked);
    assertThat(store.find(key.hash())).contains(revoked);
    assertThat(store.list()).containsExactly(other, revoked);
  }

  @Test
  void aKeyThatNobodyKnowsIsNotRevoked() {
    ApiKey key = added("a");

    assertThat(store.revoke("key-none", NOW)).isEmpty();
    assertThat(store.revoke(key.hash(), NOW)).isEmpty();
    assertThat(store.list()).containsExactly(key);
  }

  @Test
  void whoseKeysSubmitNothingIsNoOwner() {
    assertThat(store.add(key("far", Scope.WORKER))).isEqualTo(Added.NOW);
    assertThat(store.add(key("eyes", Scope.METRICS))).isEqualTo(Added.NOW);
    assertThat(store.add(key("boss", Scope.ADMIN))).isEqualTo(Added.NOW);
    assertThat(store.owners()).containsExactly("boss");
  }

  @Test
  void ownersStayKnownWhenTheirKeysAreRevoked() {
    ApiKey key = added("a");
    added("b");
    added("b");
    store.revoke(key.id(), NOW);

    assertThat(store.owners()).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void whenThereAreTooManyTheNextIsRefused() {
    for (int i = 0; i < MOST; i++) {
      added("a");
    }
    ApiKey tooMany = key("a");

    assertThat(store.add(tooMany)).isEqualTo(Added.TOO_MANY_KEYS);
    assertThat(store.find(tooMany.hash())).isEmpty();
    assertThat(store.list()).hasSize(MOST);
  }

  @Test
  void theKeyThatWasRevokedFirstMakesRoomAndItsOwnerStays() {
    List<ApiKey> keys = List.of(added("a"), added("b"), added("c"), added("c"));
    store.revoke(keys.get(2).id(), NOW.plusSeconds(1_000));
    store.revoke(keys.get(1).id(), NOW.plusSeconds(1_001));
    added("c");

    assertThat(store.list()).hasSize(MOST);
    assertThat(store.find(keys.get(2).hash())).isEmpty();
    assertThat(store.revoke(keys.get(2).id(), NOW)).isEmpty();
    added("c");
    assertThat(store.find(keys.get(1).hash())).isEmpty();
    assertThat(store.owners()).containsExactlyInAnyOrder("a", "b", "c");
    assertThat(store.add(key("c"))).isEqualTo(Added.TOO_MANY_KEYS);
  }

  @Test
  void ownersHaveABoundToo() {
    for (String owner : List.of("a", "b", "c", "d")) {
      store.revoke(added(owner).id(), NOW);
    }

    assertThat(store.add(key("e"))).isEqualTo(Added.TOO_MANY_OWNERS);
    assertThat(store.owners()).containsExactlyInAnyOrder("a", "b", "c", "d");
    added("d");
  }
}
