package dev.penstock.security;

import dev.penstock.core.Reach;
import dev.penstock.core.Scope;
import dev.penstock.task.Priority;
import java.util.Set;

/**
 * Who sent a request.
 *
 * @param owner whose tasks it sees and makes
 * @param keyId which key it came with, safe to log
 * @param scopes what it may do
 * @param highest the highest priority that its tasks may have
 * @param reach what it may serve as a worker
 */
public record Caller(String owner, String keyId, Set<Scope> scopes, Priority highest, Reach reach) {
  public Caller {
    scopes = Set.copyOf(scopes);
  }

  /** A caller whose tasks may have any priority. */
  public Caller(String owner, String keyId, Set<Scope> scopes) {
    this(owner, keyId, scopes, Priority.HIGHEST, Reach.ALL);
  }

  /** Whether it has one of these scopes. */
  public boolean has(Set<Scope> any) {
    return scopes.stream().anyMatch(any::contains);
  }

  /**
   * The priority of a task that names none: what is usual, or less where the key allows no more.
   */
  public Priority usual(Priority priority) {
    return priority.compareTo(highest) > 0 ? highest : priority;
  }
}
