package dev.penstock.engine;

/**
 * How a model stands here.
 *
 * @param device cpu or cuda:N; empty until it is open
 * @param threads runs side by side; 0 until it is open
 * @param tokenBudget padded tokens of a batch; 0 until it is open
 * @param waitingTokens tokens that wait for a run
 * @param message why it failed; otherwise empty
 */
public record EngineStatus(
    String model,
    State state,
    String device,
    int threads,
    int tokenBudget,
    long waitingTokens,
    String message) {

  /** A model is opened when its first task comes, and again by the next task after a failure. */
  public enum State {
    CLOSED,
    OPENING,
    READY,
    FAILED
  }

  /** A model that is not open. */
  static EngineStatus unopened(String model, State state, String message) {
    return new EngineStatus(model, state, "", 0, 0, 0, message);
  }
}
