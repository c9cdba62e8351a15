package dev.penstock.bench.parts;

import dev.penstock.bench.Session;

/** A part of the benchmark: starts the program, measures, adds sections to the report. */
public interface Part {
  void run(Session session) throws Exception;
}
