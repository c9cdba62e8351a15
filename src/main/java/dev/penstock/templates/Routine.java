package dev.penstock.templates;

/** What a template can call. */
@FunctionalInterface
interface Routine {
  Object call(Args args);
}
