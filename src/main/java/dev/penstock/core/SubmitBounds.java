package dev.penstock.core;

import java.time.Duration;

/** What a task may be asked for with, by a client or by the task that makes it. */
public final class SubmitBounds {
  public static final int ATTEMPTS = 100;
  public static final Duration RUN = Duration.ofDays(1);

  /** How long an ended task is kept, and how long one may wait for its time. */
  public static final Duration KEPT = Duration.ofDays(30);

  /** Pairs of metadata; and characters of a name, and of a value. */
  public static final int METADATA = 16;

  public static final int METADATA_NAME = 64;
  public static final int METADATA_VALUE = 512;

  private SubmitBounds() {}
}
