package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Where replies to submitted tasks go. */
interface Sink extends AutoCloseable {

  /** An accepted task, or an object with its {@code error}. Waits while there is no room. */
  void add(JsonNode reply) throws Failure, InterruptedException;

  /** Everything has been added so far that came together. */
  void flush() throws Failure, InterruptedException;

  /** Nothing follows. Returns the exit code that the tasks' ends stand for. */
  int finish() throws Failure, InterruptedException;

  @Override
  void close();

  /** The line of a task whose end is not waited for. */
  static String brief(JsonNode reply) {
    if (reply.has("error")) {
      return JsonLines.line(reply);
    }
    ObjectNode line = JsonLines.object();
    line.set("id", reply.path("id"));
    line.set("status", reply.path("status"));
    return JsonLines.line(line);
  }

  /** Prints each at once. */
  record Printed(Io io) implements Sink {

    @Override
    public void add(JsonNode reply) {
      io.out().println(brief(reply));
    }

    @Override
    public void flush() throws Failure {
      io.flush();
    }

    @Override
    public int finish() {
      return ExitCode.OK;
    }

    @Override
    public void close() {}
  }
}
