package dev.penstock.subprocess;

import java.time.Duration;

/** What came of a call. */
public sealed interface ChildAnswer {

  /** The program's answer. */
  record Answered(byte[] bytes) implements ChildAnswer {}

  /** The program threw; the process lives on. */
  record Refused(String error) implements ChildAnswer {}

  /**
   * The process ended or was killed over this call, which may have been its fault. The next call
   * starts another.
   *
   * @param reason a sentence without a full stop, safe to show
   */
  record Crashed(String reason) implements ChildAnswer {

    /** Whether somebody else may have ended it: the system for want of memory, or a person. */
    public boolean perhapsFromOutside() {
      return ExitWords.fromOutside(reason);
    }
  }

  /**
   * The request did not reach a process: none could be started, or it was busy for too long.
   *
   * @param again when it is worth asking again
   */
  record Unavailable(String reason, Duration again) implements ChildAnswer {}
}
