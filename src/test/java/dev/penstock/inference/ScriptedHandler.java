package dev.penstock.inference;

/** A handler whose runs a test scripts. */
abstract class ScriptedHandler implements Immediate {
  private final String type;

  ScriptedHandler(String type) {
    this.type = type;
  }

  @Override
  public String type() {
    return type;
  }

  @Override
  public String inputSchema() {
    return "{}";
  }

  @Override
  public String outputSchema() {
    return "{}";
  }
}
