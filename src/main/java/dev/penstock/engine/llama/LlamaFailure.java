package dev.penstock.engine.llama;

/** Something that llama.cpp, or this program for its sake, does not do. */
class LlamaFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  LlamaFailure(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** For users. */
  String reason() {
    return reason;
  }
}
