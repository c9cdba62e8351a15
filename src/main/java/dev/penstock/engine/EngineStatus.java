package dev.penstock.engine;

import java.util.List;

/**
 * How a model stands here.
 *
 * @param device cpu or cuda:N; empty until it is open
 * @param threads runs side by side; 0 until it is open
 * @param tokenBudget padded tokens of a batch; 0 until it is open
 * @param waitingTokens tokens that wait for a run
 * @param message why it failed, or what is wrong though it is open; otherwise empty
 * @param members the backends that share its work; empty: it has one, here
 */
public record EngineStatus(
    String model,
    State state,
    String device,
    int threads,
    int tokenBudget,
    long waitingTokens,
    String message,
    List<Member> members) {
  public EngineStatus {
    members = List.copyOf(members);
  }

  /** One that runs here. */
  public EngineStatus(
      String model,
      State state,
      String device,
      int threads,
      int tokenBudget,
      long waitingTokens,
      String message) {
    this(model, state, device, threads, tokenBudget, waitingTokens, message, List.of());
  }

  /**
   * How one of its backends stands.
   *
   * @param running answers under way there
   * @param places how many it is given at once, for now
   * @param lastError what was wrong last, be it long ago; empty: nothing
   */
  public record Member(
      String name, int order, Standing standing, int running, int places, String lastError) {
    /** Whether it is asked. */
    public enum Standing {
      READY,
      /** It asked for a pause. */
      LEFT_ALONE,
      /** It failed several times on end, and is tried again in a while. */
      OUT
    }
  }

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
