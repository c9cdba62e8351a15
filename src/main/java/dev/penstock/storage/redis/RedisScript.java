package dev.penstock.storage.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** What runs inside Redis, all or nothing: each script changes one shard. */
enum RedisScript {
  ADD_KEY,
  CANCEL,
  CANDIDATES,
  CHORES,
  CLAIM,
  DELETE,
  EXTEND,
  FIGURES,
  FIND,
  INSERT,
  LIST,
  MEET,
  MINUTES,
  PROMOTE,
  RECLAIM,
  RECORD_MINUTES,
  RELEASE,
  RESERVE,
  RETRY,
  REVOKE_KEY,
  SEARCH,
  SETTLE;

  private final String text;
  private final String digest;

  RedisScript() {
    text = read("common") + read(name().toLowerCase(Locale.ROOT).replace('_', '-'));
    try {
      byte[] sha1 =
          MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
      digest = HexFormat.of().formatHex(sha1);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  String text() {
    return text;
  }

  /** The name that Redis gives it once it knows it. */
  String digest() {
    return digest;
  }

  private static String read(String name) {
    try (InputStream in = RedisScript.class.getResourceAsStream(name + ".lua")) {
      if (in == null) {
        throw new IllegalStateException("no script " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
