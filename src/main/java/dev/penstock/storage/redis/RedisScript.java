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
  AFTER,
  CANCEL(true),
  CANDIDATES,
  CHORES,
  CLAIM,
  CLOCK,
  DELETE(true),
  DROP_INPUT,
  EARLY,
  ENDED(true),
  EXPIRE(true),
  EXTEND(true),
  FAMILY(true),
  FIGURES,
  FIND,
  FORGET,
  INSERT,
  INSERTED(true),
  KEPT(true),
  LET_GO(true),
  LIST,
  LISTED(true),
  LIVE,
  MEET,
  MINUTES,
  NEW_CHILDREN(true),
  OWN,
  PROMOTE,
  RECLAIM(true),
  RECORD_MINUTES,
  REDATE,
  RELEASE,
  REOPEN(true),
  RESERVE,
  RETRY(true),
  REVOKE_KEY,
  SEARCH,
  SETTLE(true),
  UNREAD(true),
  WAKE(true);

  private final String text;
  private final String digest;

  RedisScript() {
    this(false);
  }

  /**
   * @param families whether it uses what is written in {@code families.lua}
   */
  RedisScript(boolean families) {
    String name = name().toLowerCase(Locale.ROOT).replace('_', '-');
    text = read("common") + (families ? read("families") : "") + read(name);
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
