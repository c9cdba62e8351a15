package dev.penstock.task;

/** What makes a later submit of the same owner mean the task of an earlier one. */
public sealed interface Identity {

  /** Unique among the identities of an owner. At most a few hundred characters. */
  String key();

  /**
   * The client named the submit, with an {@code Idempotency-Key}. The earlier task is meant however
   * it stands; another content under the same name is a conflict.
   *
   * @param content a digest of what was submitted
   */
  record Named(String name, String content) implements Identity {
    @Override
    public String key() {
      return "named:" + name;
    }
  }

  /**
   * Equal work is done once. An earlier task stands in while it lives, unless it failed, was
   * cancelled or is less urgent: then the new one takes its place.
   *
   * @param work a digest of everything that decides the result
   */
  record Alike(String work) implements Identity {
    @Override
    public String key() {
      return "alike:" + work;
    }
  }
}
