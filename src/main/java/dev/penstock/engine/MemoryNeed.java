package dev.penstock.engine;

/**
 * What models take, in bytes, by estimate.
 *
 * @param most what {@code model.max-memory-gb} counts
 * @param usual what is taken as a rule, after runs: what has to be there in a container
 */
public record MemoryNeed(long most, long usual) {
  public static final MemoryNeed NOTHING = new MemoryNeed(0, 0);

  MemoryNeed plus(MemoryNeed other) {
    return new MemoryNeed(most + other.most, usual + other.usual);
  }

  MemoryNeed greater(MemoryNeed other) {
    return new MemoryNeed(Math.max(most, other.most), Math.max(usual, other.usual));
  }

  MemoryNeed minus(MemoryNeed other) {
    return new MemoryNeed(most - other.most, usual - other.usual);
  }
}
