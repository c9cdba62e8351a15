package dev.penstock.task;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * A task's id: 48 bits of milliseconds and 6 of their parts, so that neighbours in an index are
 * neighbours in time, and 122 random bits, so that it cannot be guessed; of a child, 48 bits of
 * time and 128 of a digest. Written in 36 digits of base 32 ({@code 0} to {@code v}), which sort as
 * the ids do.
 */
public record TaskId(String value) {
  private static final int DIGITS = 36;
  private static final int TIME_BYTES = 6;
  private static final int RANDOM_BYTES = 16;
  private static final int PARTS = 64;
  private static final long A_SECOND = 1_000L * PARTS;
  private static final int BASE = 32;
  private static final Pattern FORM = Pattern.compile("[0-9a-v]{" + DIGITS + "}");
  private static final SecureRandom RANDOM = new SecureRandom();

  /** The part of a millisecond that the last id was given. */
  private static final AtomicLong LAST = new AtomicLong();

  public TaskId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("not a task id: " + value);
    }
  }

  /**
   * A new one, behind those that this process made before: each millisecond's first 64 have their
   * order, the rest its end. After a clock was put back by more than a second it begins anew.
   */
  public static TaskId random() {
    byte[] random = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(random);
    long now = System.currentTimeMillis() * PARTS;
    long part =
        LAST.updateAndGet(last ->
            last < now || last - now > A_SECOND ? now : Math.min(last + 1, last | (PARTS - 1)));
    int place = (int) (part % PARTS) << (Byte.SIZE - Integer.numberOfTrailingZeros(PARTS));
    random[0] = (byte) ((random[0] & 0x03) | place);
    return of(part / PARTS, random);
  }

  /**
   * The id of a child: its parent's time, and a digest of its parent's id and its key, so that
   * whoever asks for it again means the same task.
   */
  public static TaskId child(TaskId parent, String key) {
    byte[] digest;
    try {
      digest =
          MessageDigest.getInstance("SHA-256")
              .digest((parent.value + "\0" + key).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    return of(parent.time().toEpochMilli(), Arrays.copyOf(digest, RANDOM_BYTES));
  }

  private static TaskId of(long millis, byte[] random) {
    byte[] bytes =
        ByteBuffer.allocate(TIME_BYTES + RANDOM_BYTES)
            .putShort((short) (millis >>> Integer.SIZE))
            .putInt((int) millis)
            .put(random)
            .array();
    String digits = new BigInteger(1, bytes).toString(BASE);
    return new TaskId("0".repeat(DIGITS - digits.length()) + digits);
  }

  /** When it was made, by the clock of the node that made it; of a child, when its parent was. */
  public Instant time() {
    int randomBits = RANDOM_BYTES * Byte.SIZE;
    return Instant.ofEpochMilli(new BigInteger(value, BASE).shiftRight(randomBits).longValue());
  }

  /** Empty when the text cannot be any task's id. */
  public static Optional<TaskId> parse(String text) {
    return FORM.matcher(text).matches() ? Optional.of(new TaskId(text)) : Optional.empty();
  }

  @Override
  public String toString() {
    return value;
  }
}
