package dev.penstock.templates;

/** A text in the making, held to its bounds. */
final class Output {
  private final StringBuilder text = new StringBuilder();
  private final Meter meter;

  Output(Meter meter) {
    this.meter = meter;
  }

  Output append(String part) {
    meter.made(part.length());
    expect(part.length());
    text.append(part);
    return this;
  }

  /** Called before a part of at least this length is made. */
  void expect(int length) {
    if (text.length() + (long) length > meter.maxOutput()) {
      throw meter.fault("a text is longer than " + meter.maxOutput() + " characters");
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
