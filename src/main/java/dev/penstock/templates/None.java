package dev.penstock.templates;

/** Python's {@code None}, for which Java's null will not do: a map has it as a value. */
enum None {
  NONE
}
