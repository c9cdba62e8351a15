package dev.penstock.subprocess;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks the kernel to kill this process with its parent, even when this one hangs in native code and
 * cannot see that its input has ended. Linux alone can; elsewhere the end of the input has to do.
 *
 * <p>The request is a thread's own, and the parent in it is the thread that forked: both must live
 * as long as their processes.
 */
final class DeathSignal {
  private static final int PR_SET_PDEATHSIG = 1;
  private static final long SIGKILL = 9;

  private DeathSignal() {}

  /**
   * On a thread of its own, since the linker takes longer than all else at a child's start.
   *
   * @param parent the process that started this one
   * @return zero once it has been asked
   */
  static CountDownLatch ask(long parent) {
    var asked = new CountDownLatch(1);
    Thread.ofPlatform()
        .name("death-signal")
        .daemon()
        .start(() -> {
          if (System.getProperty("os.name", "").equals("Linux")) {
            askKernel();
          }
          // One that died before the kernel was asked sends no signal.
          if (ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(-1L) != parent) {
            Runtime.getRuntime().halt(ChildLoop.ORPHANED);
          }
          asked.countDown();
          while (true) {
            LockSupport.park();
          }
        });
    return asked;
  }

  @SuppressWarnings("restricted")
  private static void askKernel() {
    try {
      Linker linker = Linker.nativeLinker();
      MethodHandle prctl =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("prctl"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG),
              Linker.Option.firstVariadicArg(1));
      if ((int) prctl.invokeExact(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        System.err.println("the kernel sends no signal when the parent dies");
      }
    } catch (Throwable e) {
      System.err.println("the kernel cannot be asked for the parent's death signal: " + e);
    }
  }
}
