package dev.penstock.engine;

/** An open model that makes a vector of each sequence of token ids. */
public interface Encoder extends Batcher.Runner, AutoCloseable {
  Device device();

  /** No run may be under way. */
  @Override
  void close();
}
