package dev.penstock.templates;

/** Counts what one rendering takes, holds it to its bounds, and knows the line it is at. */
final class Meter {
  /** Reading the clock costs as much as a few steps. */
  private static final int STEPS_A_LOOK = 1_024;

  private static final int CHARACTERS_A_STEP = 64;
  private static final int CHARACTERS_AN_ELEMENT = 16;

  /** Longer needles may be looked for in more than one pass over a text. */
  private static final int SHORT_NEEDLE = 32;

  private final RenderBounds bounds;
  private final long start = System.nanoTime();
  private long steps;
  private long nextLook = STEPS_A_LOOK;
  private long made;
  private int depth;
  private int line = 1;

  Meter(RenderBounds bounds) {
    this.bounds = bounds;
  }

  void step(long count) {
    steps += count;
    if (steps > bounds.steps()) {
      throw fault("it takes more than " + bounds.steps() + " steps");
    }
    if (steps >= nextLook) {
      nextLook = steps + STEPS_A_LOOK;
      if (System.nanoTime() - start > bounds.time().toNanos()) {
        throw fault("it takes longer than " + bounds.time().toMillis() + " ms");
      }
    }
  }

  /** Called before a text of this many characters is made. */
  void made(long characters) {
    made += characters;
    if (made > bounds.made()) {
      throw fault("it makes texts and lists of more than " + bounds.made() + " characters");
    }
    looked(characters);
  }

  void madeElements(long count) {
    made(count * CHARACTERS_AN_ELEMENT);
    step(count);
  }

  void looked(long characters) {
    step(characters / CHARACTERS_A_STEP);
  }

  /** Called before a text is looked for in another. */
  void searched(String text, String needle) {
    long passes = needle.length() > SHORT_NEEDLE ? needle.length() : 1;
    looked(text.length() * passes);
  }

  void deeper() {
    if (++depth > bounds.depth()) {
      throw fault("it is nested more than " + bounds.depth() + " levels deep");
    }
  }

  void shallower() {
    depth--;
  }

  int maxOutput() {
    return bounds.output();
  }

  int line() {
    return line;
  }

  void at(int newLine) {
    line = newLine;
  }

  TemplateFault fault(String problem) {
    return new TemplateFault(line, problem);
  }
}
