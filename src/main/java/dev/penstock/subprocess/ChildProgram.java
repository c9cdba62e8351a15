package dev.penstock.subprocess;

/**
 * What a child process does: answers requests, one at a time, on one thread that stays the same.
 */
@FunctionalInterface
public interface ChildProgram {

  /**
   * Answers a request. A call that nobody waits for any more is interrupted, and the process killed
   * if that does not end it within a second.
   *
   * @throws Exception when this request cannot be answered; the process goes on with the next. Its
   *     message is the error that the caller gets. An OutOfMemoryError ends the process
   */
  byte[] answer(byte[] request) throws Exception;
}
