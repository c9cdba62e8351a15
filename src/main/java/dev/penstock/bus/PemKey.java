package dev.penstock.bus;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Set;

/** Private keys in the three forms in which tools write them, none of them encrypted. */
final class PemKey {
  private static final String PKCS8 = "PRIVATE KEY";

  /** What stands behind BEGIN: PKCS #8, PKCS #1 and SEC 1. */
  static final Set<String> LABELS = Set.of(PKCS8, "RSA PRIVATE KEY", "EC PRIVATE KEY");

  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final byte[] VERSION = {2, 1, 0};
  private static final int LONG_LENGTH = 0x80;
  private static final int BYTE = 0xff;

  private PemKey() {}

  /**
   * Reads a key.
   *
   * @param certified the public key that it belongs to, which says of what kind it is
   */
  static PrivateKey read(String label, byte[] der, PublicKey certified)
      throws GeneralSecurityException {
    byte[] whole = label.equals(PKCS8) ? der : wrapped(der, algorithm(certified.getEncoded()));
    return KeyFactory.getInstance(certified.getAlgorithm())
        .generatePrivate(new PKCS8EncodedKeySpec(whole));
  }

  /** The older forms are what PKCS #8 has inside; around it stands of which kind it is. */
  private static byte[] wrapped(byte[] key, byte[] algorithm) {
    return tagged(SEQUENCE, VERSION, algorithm, tagged(OCTETS, key));
  }

  /** How a public key names its kind: the first part of its encoding. */
  private static byte[] algorithm(byte[] publicKey) {
    ByteBuffer in = ByteBuffer.wrap(publicKey);
    in.get();
    length(in);
    int from = in.position();
    in.get();
    int length = length(in);
    return Arrays.copyOfRange(publicKey, from, in.position() + length);
  }

  private static int length(ByteBuffer in) {
    int first = in.get() & BYTE;
    if (first < LONG_LENGTH) {
      return first;
    }
    int length = 0;
    for (int i = LONG_LENGTH; i < first; i++) {
      length = (length << Byte.SIZE) | (in.get() & BYTE);
    }
    return length;
  }

  private static byte[] tagged(int tag, byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    var out = new ByteArrayOutputStream();
    out.write(tag);
    if (length < LONG_LENGTH) {
      out.write(length);
    } else {
      // Two bytes hold the length of any key there is.
      out.write(LONG_LENGTH + 2);
      out.write(length >> Byte.SIZE);
      out.write(length & BYTE);
    }
    Arrays.stream(parts).forEach(out::writeBytes);
    return out.toByteArray();
  }
}
