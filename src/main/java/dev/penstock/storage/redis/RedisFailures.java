package dev.penstock.storage.redis;

import dev.penstock.base.Unavailable;
import io.vertx.redis.client.Response;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** What went wrong with commands that were sent together. */
final class RedisFailures {
  /**
   * Answers of a server that did nothing: it is full, starting, a replica, cannot write, does not
   * let us, or is busy. Within a script they come with its first write, or not at all.
   */
  private static final List<String> REFUSALS =
      List.of(
          "OOM",
          "LOADING",
          "READONLY",
          "MISCONF",
          "NOREPLICAS",
          "MASTERDOWN",
          "CLUSTERDOWN",
          "NOAUTH",
          "NOPERM",
          "BUSY");

  /** What the client says of a command that it did not send. */
  private static final String NO_ROOM = "Redis waiting queue is full";

  /**
   * What the client itself says in the shape of an answer: the connection has ended under a
   * command, or carried what is no answer.
   */
  private static final List<String> OF_THE_WAY = List.of("CONNECTION_CLOSED", "ILLEGAL_STATE");

  private final String server;
  private @Nullable Throwable first;
  private boolean refused = true;

  RedisFailures(String server) {
    this.server = server;
  }

  void add(Throwable failure) {
    if (first == null) {
      first = failure;
    }
    refused &= isRefusal(failure);
  }

  /**
   * @param nothingDone whether none of the others was answered well
   */
  void throwIfAny(boolean nothingDone) {
    if (first == null) {
      return;
    }
    if (isServers(first) && !isRefusal(first)) {
      throw new IllegalStateException(server + ": " + first.getMessage(), first);
    }
    String message = server + ": " + describe(first);
    throw refused && nothingDone
        ? Unavailable.refused(message, first)
        : Unavailable.unknown(message, first);
  }

  /** Whether this is the server's own answer, and of that code. Other failures are the way's. */
  static boolean isAnswer(@Nullable Throwable failure, String code) {
    return failure instanceof Response && String.valueOf(failure.getMessage()).startsWith(code);
  }

  private static boolean isServers(Throwable failure) {
    return failure instanceof Response
        && OF_THE_WAY.stream().noneMatch(String.valueOf(failure.getMessage())::startsWith);
  }

  private static boolean isRefusal(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    // Before version 7 a script's error comes with words before it.
    return isServers(failure)
        ? REFUSALS.stream()
            .anyMatch(code -> message.startsWith(code) || message.contains(" -" + code + " "))
        : message.equals(NO_ROOM);
  }

  static String describe(Throwable failure) {
    Throwable cause =
        failure instanceof ExecutionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    String message = cause.getMessage();
    if (message == null) {
      return cause instanceof TimeoutException ? "it does not answer" : cause.toString();
    }
    boolean login = message.startsWith("WRONGPASS") || message.startsWith("NOAUTH");
    return login ? message + " (redis.username, redis.password)" : message;
  }
}
