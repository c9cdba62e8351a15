package dev.penstock.engine;

/**
 * What models take, in bytes, by estimate.
 *
 * @param most what {@code model.max-memory-gb} counts
 * @param usual what is taken as a rule, after runs: what has to be there in a container
 */
record MemoryNeed(long most, long usual) {
  static final MemoryNeed NOTHING = new MemoryNeed(0, 0);

  MemoryNeed plus(MemoryNeed other) {
    return new MemoryNeed(most + other.most, usual + other.usual);
  }

  MemoryNeed minus(MemoryNeed other) {
    return new MemoryNeed(most - other.most, usual - other.usual);
  }
}
