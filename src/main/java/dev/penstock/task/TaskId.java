package dev.penstock.task;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A task's id: 48 bits of time, so that neighbours in an index are neighbours in time, and 128
 * random bits, so that it cannot be guessed. Written in 36 digits of base 32 ({@code 0} to {@code
 * v}), which sort as the ids do.
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
    long now = System.currentTimeMillis();
    byte[] random = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(random);
    byte[] bytes =
        ByteBuffer.allocate(TIME_BYTES + RANDOM_BYTES)
            .putShort((short) (now >>> Integer.SIZE))
            .putInt((int) now)
            .put(random)
            .array();
    String digits = new BigInteger(1, bytes).toString(BASE);
    return new TaskId("0".repeat(DIGITS - digits.length()) + digits);
  }

  /** When it was made, by the clock of the node that made it. */
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
