package dev.penstock.fuzz;

import java.io.IOException;

/** Something that reads what strangers write, and promises something whatever that is. */
interface Target extends AutoCloseable {
  /** Has it read the input. Throws where that breaks its promise. */
  void read(byte[] input) throws Exception;

  @Override
  void close() throws IOException;
}
