package dev.penstock.chaos;

import java.util.Random;

/**
 * A way to hurt a house.
 *
 * @param down something that all work needs is away meanwhile, so urgent work may wait for it
 */
record Fault(String name, boolean down, Hurt hurt) {

  /** Hurts, and returns when the cause is over; what it left behind the house mends. */
  @FunctionalInterface
  interface Hurt {
    void with(Random random) throws Exception;
  }
}
