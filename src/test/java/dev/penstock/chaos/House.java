package dev.penstock.chaos;

import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Random;

/** A Penstock of one node or several, with what it stands on. */
interface House extends Closeable {
  String name();

  /** The clients of the nodes that take requests. */
  List<Api> doors();

  List<PenstockProcess> nodes();

  List<Fault> faults();

  /** Leaves the store some room and no more, until it is closed. */
  Closeable narrow() throws IOException;

  /** Starts who has ended, as an init system does, and waits until all are ready. */
  void mend() throws Exception;

  @Override
  void close() throws IOException;

  default Api door(Random random) {
    return doors().get(random.nextInt(doors().size()));
  }
}
