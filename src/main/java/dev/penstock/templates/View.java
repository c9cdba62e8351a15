package dev.penstock.templates;

import java.util.List;

/**
 * What can be gone through, but has no numbers for its elements.
 *
 * @param type Python's name of it
 */
record View(String type, List<Object> items) {
  static final String GENERATOR = "generator";

  static View generator(List<Object> items) {
    return new View(GENERATOR, items);
  }

  boolean isGenerator() {
    return type.equals(GENERATOR);
  }
}
