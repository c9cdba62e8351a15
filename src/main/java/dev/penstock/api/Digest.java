package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Digests;
import dev.penstock.json.StrictJson;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/** SHA-256 over several parts, each apart from the next. */
final class Digest {
  private final MessageDigest sha256 = Digests.sha256();

  /** A word of ours: it has no NUL. */
  Digest add(String word) {
    sha256.update(word.getBytes(StandardCharsets.UTF_8));
    sha256.update((byte) 0);
    return this;
  }

  /** However its members are ordered and its numbers are written. */
  Digest add(JsonNode value) {
    StrictJson.writeCanonical(
        new DigestOutputStream(OutputStream.nullOutputStream(), sha256), value);
    sha256.update((byte) 0);
    return this;
  }

  /** The bytes as they are. */
  Digest add(byte[] bytes) {
    sha256.update(bytes);
    sha256.update((byte) 0);
    return this;
  }

  String hex() {
    return HexFormat.of().formatHex(sha256.digest());
  }
}
