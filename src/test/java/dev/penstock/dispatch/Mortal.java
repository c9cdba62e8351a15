package dev.penstock.dispatch;

import dev.penstock.storage.ChildStore;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The real store and queue of a process that something happens to between two of its writes: it
 * dies, so that nothing it asks for is done any more, or what it asks for cannot be done for a
 * while.
 */
final class Mortal {
  private static final Set<String> WRITES =
      Set.of(
          "insert",
          "withdraw",
          "cancel",
          "cancelPending",
          "retry",
          "claim",
          "extend",
          "settle",
          "reclaimLapsed",
          "promoteDue",
          "inserted",
          "ended",
          "wakeDue",
          "reopen",
          "enqueue");

  private final int first;
  private final int last;
  private final boolean doneAllTheSame;
  private final Supplier<RuntimeException> fault;
  private int writes;

  /** Its process has been killed. */
  static final class Died extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private Mortal(int first, int last, boolean doneAllTheSame, Supplier<RuntimeException> fault) {
    this.first = first;
    this.last = last;
    this.doneAllTheSame = doneAllTheSame;
    this.fault = fault;
  }

  /** It dies when it has made so many writes. */
  static Mortal dyingAfter(int writes) {
    return new Mortal(writes + 1, Integer.MAX_VALUE, false, Died::new);
  }

  /**
   * After so many writes some fail.
   *
   * @param doneAllTheSame but for their answers, which are lost
   */
  static Mortal failingAfter(
      int writes, int failing, boolean doneAllTheSame, Supplier<RuntimeException> fault) {
    return new Mortal(writes + 1, writes + failing, doneAllTheSame, fault);
  }

  /** Whether what was to happen has happened. */
  boolean hit() {
    return writes >= first;
  }

  TaskStore over(TaskStore real) {
    return over(TaskStore.class, real);
  }

  TaskQueue over(TaskQueue real) {
    return over(TaskQueue.class, real);
  }

  private <T> T over(Class<T> port, T real) {
    return port.cast(
        Proxy.newProxyInstance(
            port.getClassLoader(),
            new Class<?>[] {port},
            (_, method, arguments) -> {
              if (method.getName().equals("children")) {
                return over(ChildStore.class, ((TaskStore) real).children());
              }
              boolean release = port == ChildStore.class && method.getName().equals("release");
              boolean write = release || WRITES.contains(method.getName());
              boolean faulty = write ? next() : dead();
              if (faulty && !doneAllTheSame) {
                throw fault.get();
              }
              Object answer = call(method, real, arguments);
              if (faulty) {
                throw fault.get();
              }
              return answer;
            }));
  }

  private boolean next() {
    writes++;
    return writes >= first && writes <= last;
  }

  private boolean dead() {
    return hit() && last == Integer.MAX_VALUE;
  }

  private static Object call(Method method, Object real, Object[] arguments) throws Throwable {
    try {
      return method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }
}
