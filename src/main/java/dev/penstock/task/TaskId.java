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
import java.util.regex.Pattern;

/**
 * A task's id: 48 bits of time, so that neighbours in an index are neighbours in time, and 128
 * random bits (of a child, of a digest), so that it cannot be guessed. Written in 36 digits of base
 * 32 ({@code 0} to {@code v}), which sort as the ids do.
 */
public record TaskId(String value) {
  private static final int DIGITS = 36;
  private static final int TIME_BYTES = 6;
  private static final int RANDOM_BYTES = 16;
  private static final int BASE = 32;
  private static final Pattern FORM = Pattern.compile("[0-9a-v]{" + DIGITS + "}");
  private static final SecureRandom RANDOM = new SecureRandom();

  public TaskId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("not a task id: " + value);
    }
  }

  public static TaskId random() {
    byte[] random = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(random);
    return of(System.currentTimeMillis(), random);
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
