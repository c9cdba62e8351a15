package dev.penstock.security;

import dev.penstock.config.Settings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Tells callers by the key they send. There is one key, the one set as {@code auth.token} or else a
 * generated one, and one owner. Only the key's hash is kept here. Safe to use from any thread.
 */
public final class ApiKeys {
  private static final String OWNER = "default";
  private static final String BEARER = "Bearer";
  private static final String BASIC = "Basic";

  /** Far above any key we accept: what is longer is not worth hashing. */
  private static final int MAX_HEADER = 4_096;

  private final byte[] hash;
  private final Caller caller;
  private final @Nullable Path keyFile;
  private final AtomicReference<@Nullable String> fresh;

  private ApiKeys(String key, String keyId, @Nullable Path keyFile, boolean generated) {
    this.hash = sha256(key);
    this.caller = new Caller(OWNER, keyId);
    this.keyFile = keyFile;
    this.fresh = new AtomicReference<>(generated ? key : null);
  }

  /**
   * Takes {@code auth.token}, or reads the key file in the data folder, or generates a key and
   * writes that file. Blocks on the disk.
   *
   * @throws dev.penstock.config.BadSettings when the file cannot be read or written
   */
  public static ApiKeys open(Settings settings) {
    Optional<String> token = settings.auth().token();
    if (token.isPresent()) {
      return new ApiKeys(token.get(), "auth.token", null, false);
    }
    KeyFile.Kept kept = KeyFile.readOrGenerate(settings.data().dir());
    return new ApiKeys(kept.key(), KeyFile.NAME, kept.file(), kept.generated());
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

  /** The key, when this start generated it: to be shown once, so the second call has nothing. */
  public Optional<String> newlyGenerated() {
    return Optional.ofNullable(fresh.getAndSet(null));
  }

  /** Where the key is kept; empty when it was set as {@code auth.token}. */
  public Optional<Path> keyFile() {
    return Optional.ofNullable(keyFile);
  }

  private Optional<Caller> check(@Nullable String key) {
    return key != null && MessageDigest.isEqual(hash, sha256(key))
        ? Optional.of(caller)
        : Optional.empty();
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

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
