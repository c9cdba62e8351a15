package dev.penstock.bench;

/** A part of the benchmark: starts the program, measures, adds sections to the report. */
interface Part {
  void run(Session session) throws Exception;
}
