package dev.penstock.core;

import dev.penstock.task.Priority;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of an API key, which is not the key itself.
 *
 * @param id its name, safe to show and to log
 * @param owner whose tasks its holder sees and makes
 * @param scopes what its holder may do; never empty
 * @param hash SHA-256 of the key, in lower-case hexadecimal
 * @param highest the highest priority that its holder may ask for; null: any
 * @param label what people call it; null: nothing
 * @param revoked when it ceased to work; null: it works
 * @param reach what its holder may serve as a worker
 */
public record ApiKey(
    String id,
    String owner,
    Set<Scope> scopes,
    String hash,
    @Nullable Priority highest,
    @Nullable String label,
    Instant created,
    @Nullable Instant revoked,
    Reach reach) {
  public ApiKey {
    scopes = Set.copyOf(scopes);
    if (scopes.isEmpty()) {
      throw new IllegalArgumentException("a key needs a scope");
    }
  }

  /** One whose holder may serve whatever there is. */
  public ApiKey(
      String id,
      String owner,
      Set<Scope> scopes,
      String hash,
      @Nullable Priority highest,
      @Nullable String label,
      Instant created,
      @Nullable Instant revoked) {
    this(id, owner, scopes, hash, highest, label, created, revoked, Reach.ALL);
  }

  /** Whether its owner may have tasks. */
  public boolean submits() {
    return scopes.contains(Scope.CLIENT) || scopes.contains(Scope.ADMIN);
  }

  public boolean works() {
    return revoked == null;
  }
}
