package dev.penstock.security;

import dev.penstock.base.Digests;
import dev.penstock.config.Settings;
import dev.penstock.core.ApiKey;
import dev.penstock.core.Reach;
import dev.penstock.core.Scope;
import dev.penstock.storage.KeyStore;
import dev.penstock.task.Priority;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells callers by the key they send. The first key is the one set as {@code auth.token} or else a
 * generated one: it has every scope and needs no store. All others are in the key store. Only
 * hashes are kept. Safe to use from any thread.
 */
public final class ApiKeys {
  private static final String OWNER = "default";

  /** Who comes without a key where {@code auth.none} lets them: the first owner, as a client. */
  public static final Caller WITHOUT_KEY = new Caller(OWNER, "auth.none", EnumSet.of(Scope.CLIENT));

  private static final HexFormat HEX = HexFormat.of();
  private static final int ID_BYTES = 10;
  private static final String BEARER = "Bearer";
  private static final String BASIC = "Basic";

  /** Far above any key we accept: what is longer is not worth hashing. */
  private static final int MAX_HEADER = 4_096;

  private final byte[] hash;
  private final Caller caller;
  private final @Nullable Path keyFile;
  private final AtomicReference<@Nullable String> fresh;
  private final KeyStore store;
  private final KnownKeys known;
  private final WrongKeys wrong;

  private ApiKeys(
      String key,
      String keyId,
      @Nullable Path keyFile,
      boolean generated,
      KeyStore store,
      WrongKeys wrong,
      LongSupplier nanos) {
    this.hash = Digests.sha256(key);
    this.caller = new Caller(OWNER, keyId, EnumSet.allOf(Scope.class));
    this.keyFile = keyFile;
    this.fresh = new AtomicReference<>(generated ? key : null);
    this.store = store;
    this.known = new KnownKeys(store, nanos);
    this.wrong = wrong;
  }

  /**
   * Takes {@code auth.token}, or reads the key file in the data folder, or generates a key and
   * writes that file. Blocks on the disk.
   *
   * @param store where the other keys are
   * @throws dev.penstock.config.BadSettings when the file cannot be read or written
   */
  public static ApiKeys open(Settings settings, KeyStore store) {
    return open(settings, store, System::nanoTime);
  }

  static ApiKeys open(Settings settings, KeyStore store, LongSupplier nanos) {
    var wrong = new WrongKeys(settings.auth().wrongKeys(), nanos);
    Optional<String> token = settings.auth().token();
    if (token.isPresent()) {
      return new ApiKeys(token.get(), "auth.token", null, false, store, wrong, nanos);
    }
    KeyFile.Kept kept = KeyFile.readOrGenerate(settings.data().dir());
    return new ApiKeys(
        kept.key(), KeyFile.NAME, kept.file(), kept.generated(), store, wrong, nanos);
  }

  /** Keys that came and are none of ours. */
  public WrongKeys wrong() {
    return wrong;
  }

  /** The caller behind {@code Authorization: Bearer <key>}; empty for anything else. */
  public Optional<Caller> authenticate(@Nullable String authorizationHeader) {
    return check(credentials(authorizationHeader, BEARER));
  }

  /**
   * The caller behind {@code Authorization: Basic …} with the key as password, any user name. For
   * metrics only, as some scrapers can send nothing else: a browser that was once asked for them
   * would send them unasked, whoever made it call.
   */
  public Optional<Caller> authenticateBasic(@Nullable String authorizationHeader) {
    String credentials = credentials(authorizationHeader, BASIC);
    if (credentials == null) {
      return Optional.empty();
    }
    byte[] decoded;
    try {
      decoded = Base64.getDecoder().decode(credentials);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    String pair = new String(decoded, StandardCharsets.UTF_8);
    int colon = pair.indexOf(':');
    return colon < 0 ? Optional.empty() : check(pair.substring(colon + 1));
  }

  /** The caller behind the key that somebody logs in with. */
  public Optional<Caller> authenticateKey(String key) {
    return key.length() > MAX_HEADER ? Optional.empty() : check(key);
  }

  /**
   * Whether a key goes on working: for who was let in with it and stays. Blocks now and then, and
   * throws {@link dev.penstock.base.Unavailable}, as the other checks do.
   */
  public BooleanSupplier standing(String key) {
    byte[] digest = Digests.sha256(key);
    return () -> check(digest).isPresent();
  }

  /** What became of a key that was to be made. */
  public sealed interface Created {
    /**
     * The key was made.
     *
     * @param secret the key itself, which is known nowhere else
     */
    record Now(ApiKey key, String secret) implements Created {}

    record Refused(String why) implements Created {}
  }

  /**
   * Makes a key.
   *
   * @param highest null: any priority
   * @param label null: none
   */
  public Created create(
      String owner, Set<Scope> scopes, @Nullable Priority highest, @Nullable String label) {
    return create(owner, scopes, highest, label, Reach.ALL);
  }

  /**
   * The same.
   *
   * @param reach what its holder may serve as a worker
   */
  public Created create(
      String owner,
      Set<Scope> scopes,
      @Nullable Priority highest,
      @Nullable String label,
      Reach reach) {
    String secret = KeyFile.newKey();
    byte[] random = new byte[ID_BYTES];
    new SecureRandom().nextBytes(random);
    var key =
        new ApiKey(
            "key-" + HEX.formatHex(random),
            owner,
            scopes,
            HEX.formatHex(Digests.sha256(secret)),
            highest,
            label,
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            null,
            reach);
    return switch (store.add(key)) {
      case NOW -> new Created.Now(key, secret);
      case TOO_MANY_KEYS ->
          new Created.Refused("There are " + KeyStore.MOST + " keys already; revoke one first.");
      case TOO_MANY_OWNERS ->
          new Created.Refused("There are " + KeyStore.MOST + " owners already.");
    };
  }

  /** The id of the first key. */
  public String firstId() {
    return caller.keyId();
  }

  /** All keys but the first one, newest first, revoked ones too. */
  public List<ApiKey> list() {
    return store.list();
  }

  /** Ends a key: here at once, elsewhere within seconds. Empty when there is none of that id. */
  public Optional<ApiKey> revoke(String id) {
    Optional<ApiKey> now = store.revoke(id, Instant.now().truncatedTo(ChronoUnit.MILLIS));
    now.ifPresent(key -> known.revoked(key.hash()));
    return now;
  }

  /** The key, when this start generated it: to be shown once, so the second call has nothing. */
  public Optional<String> newlyGenerated() {
    return Optional.ofNullable(fresh.getAndSet(null));
  }

  /** Where the key is kept; empty when it was set as {@code auth.token}. */
  public Optional<Path> keyFile() {
    return Optional.ofNullable(keyFile);
  }

  private Optional<Caller> check(@Nullable String key) {
    return key == null ? Optional.empty() : check(Digests.sha256(key));
  }

  private Optional<Caller> check(byte[] digest) {
    return MessageDigest.isEqual(hash, digest)
        ? Optional.of(caller)
        : known.find(HEX.formatHex(digest)).map(ApiKeys::caller);
  }

  private static Caller caller(ApiKey key) {
    Priority highest = key.highest();
    return new Caller(
        key.owner(),
        key.id(),
        key.scopes(),
        highest == null ? Priority.HIGHEST : highest,
        key.reach());
  }

  /** What follows the scheme, whose case does not matter (RFC 9110, 11.1). */
  private static @Nullable String credentials(@Nullable String header, String scheme) {
    if (header == null
        || header.length() > MAX_HEADER
        || header.length() <= scheme.length()
        || header.charAt(scheme.length()) != ' '
        || !header.regionMatches(true, 0, scheme, 0, scheme.length())) {
      return null;
    }
    String credentials = header.substring(scheme.length()).strip();
    return credentials.isEmpty() ? null : credentials;
  }
}
