package dev.penstock.core;

import dev.penstock.task.TaskId;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;

/**
 * The right to run a task until a deadline. The token is new for every lease and compared for
 * equality, so a worker that lost its lease can change nothing.
 */
public record Lease(TaskId id, String token, Instant deadline) {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int TOKEN_BYTES = 16;

  /** 128 random bits in hexadecimal. */
  public static String newToken() {
    byte[] bytes = new byte[TOKEN_BYTES];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
