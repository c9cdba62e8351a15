package dev.penstock.task;

import org.jspecify.annotations.Nullable;

/** What makes a later submit of the same owner mean the task of an earlier one. */
public sealed interface Identity {

  /** Unique among the identities of an owner. At most a few hundred characters. */
  String key();

  /**
   * The client named the submit, with an {@code Idempotency-Key}. The earlier task is meant however
   * it stands; another content under the same name is a conflict.
   *
   * @param content a digest of what was submitted
   * @param former what an earlier version took for that digest, where it is another
   */
  record Named(String name, String content, String former) implements Identity {
    public Named(String name, String content) {
      this(name, content, content);
    }

    /** Whether a task whose content has that digest is the one that is meant. */
    public boolean means(@Nullable String digest) {
      return content.equals(digest) || former.equals(digest);
    }

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
