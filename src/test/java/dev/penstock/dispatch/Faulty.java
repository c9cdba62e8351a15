package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;

/** The real store, but for one method that fails. */
final class Faulty {
  private Faulty() {}

  /** The method is refused whenever it is called. */
  static TaskStore refusing(TaskStore real, String method) {
    return over(
        (called, call) -> {
          if (called.equals(method)) {
            throw Unavailable.refused("injected", new IllegalStateException());
          }
          return call.call();
        },
        real);
  }

  /** The first call of the method is done, but its answer is lost. */
  static TaskStore losingTheFirstAnswer(TaskStore real, String method) {
    var lost = new AtomicBoolean();
    return over(
        (called, call) -> {
          Object answer = call.call();
          if (called.equals(method) && !lost.getAndSet(true)) {
            throw Unavailable.unknown("injected", new IllegalStateException());
          }
          return answer;
        },
        real);
  }

  private interface Call {
    Object call() throws Throwable;
  }

  private interface Line {
    Object pass(String method, Call call) throws Throwable;
  }

  private static TaskStore over(Line line, TaskStore real) {
    return (TaskStore)
        Proxy.newProxyInstance(
            TaskStore.class.getClassLoader(),
            new Class<?>[] {TaskStore.class},
            (_, method, arguments) ->
                line.pass(
                    method.getName(),
                    () -> {
                      try {
                        return method.invoke(real, arguments);
                      } catch (InvocationTargetException e) {
                        throw e.getTargetException();
                      }
                    }));
  }
}
