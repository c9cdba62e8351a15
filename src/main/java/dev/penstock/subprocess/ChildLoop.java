package dev.penstock.subprocess;

import dev.penstock.base.Version;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * The child's side: takes requests from the parent, gives them to the program and sends its
 * answers. The process is halted when its input ends, whatever the program does at that moment.
 */
public final class ChildLoop {
  /** The exit code of a mistake in this class. */
  private static final int BROKEN = 1;

  /** The exit code when there is no such program, or the command line is none. */
  public static final int WRONG = 2;

  /** What the JVM too exits with, under {@code ExitOnOutOfMemoryError}. */
  static final int OUT_OF_MEMORY = 3;

  /** The parent was gone, or its pipe broken. */
  static final int ORPHANED = 4;

  private final ChildProgram program;
  private final Pipes pipes;
  private final Thread worker = Thread.currentThread();

  /** Never more than one: the parent waits for the answer before it sends the next. */
  private final BlockingQueue<Frame> calls = new LinkedBlockingQueue<>();

  private final Object lock = new Object();

  /** The call that runs; 0 between them. Guarded by {@link #lock}, as is the next. */
  private long running;

  /** The newest that was cancelled, perhaps before it ran. */
  private long cancelled;

  private ChildLoop(ChildProgram program, Pipes pipes) {
    this.program = program;
    this.pipes = pipes;
  }

  /**
   * Runs the program on this thread until the process ends; does not return.
   *
   * @param parent the process that started this one, which ends with it
   */
  public static void run(ChildProgram program, long parent) {
    CountDownLatch asked = DeathSignal.ask(parent);
    // A signal to the whole group (Ctrl-C, systemd) is the parent's to heed: it may still need us.
    Runtime.getRuntime().addShutdownHook(new Thread(ChildLoop::parkForEver, "leave-to-parent"));
    var loop = new ChildLoop(program, Pipes.take());
    Thread.ofPlatform().name("requests").daemon().start(loop::receive);
    loop.work(asked);
  }

  private static void parkForEver() {
    while (true) {
      LockSupport.park();
    }
  }

  private void receive() {
    int code = ORPHANED;
    try {
      var in = new DataInputStream(new BufferedInputStream(pipes.requests()));
      for (Frame frame = Frame.readFrom(in, Integer.MAX_VALUE);
          frame != null;
          frame = Frame.readFrom(in, Integer.MAX_VALUE)) {
        switch (frame.kind()) {
          case CALL -> calls.add(frame);
          case CANCEL -> cancel(frame.call());
          case END, READY, ANSWER, ERROR -> throw new Frame.Garbled();
        }
      }
      code = 0;
    } catch (OutOfMemoryError e) {
      code = OUT_OF_MEMORY;
    } catch (IOException e) {
      // The code tells.
    } finally {
      Runtime.getRuntime().halt(code);
    }
  }

  private void cancel(long call) {
    synchronized (lock) {
      cancelled = call;
      if (running == call) {
        worker.interrupt();
      }
    }
  }

  private void work(CountDownLatch asked) {
    try {
      var out = new BufferedOutputStream(pipes.answers());
      new Frame(Frame.Kind.READY, 0, Version.current().getBytes(StandardCharsets.UTF_8))
          .writeTo(out);
      Frame call = calls.take();
      // From here on native code may hang.
      asked.await();
      while (true) {
        answer(call).writeTo(out);
        call = calls.take();
      }
    } catch (OutOfMemoryError e) {
      // The JVM sees to that of the heap, but not to that of direct buffers.
      System.err.println(e);
      Runtime.getRuntime().halt(OUT_OF_MEMORY);
    } catch (IOException e) {
      Runtime.getRuntime().halt(ORPHANED);
    } catch (Throwable e) {
      // Whatever it is: an exit in order would wait for the hook.
      System.err.println(e);
      Runtime.getRuntime().halt(BROKEN);
    }
  }

  private Frame answer(Frame call) {
    synchronized (lock) {
      running = call.call();
      if (running == cancelled) {
        worker.interrupt();
      }
    }
    try {
      return new Frame(Frame.Kind.ANSWER, call.call(), program.answer(call.bytes()));
    } catch (OutOfMemoryError e) {
      throw e;
    } catch (Throwable e) {
      return new Frame(Frame.Kind.ERROR, call.call(), error(e).getBytes(StandardCharsets.UTF_8));
    } finally {
      synchronized (lock) {
        running = 0;
        // One that came for this call must not end the next.
        boolean _ = Thread.interrupted();
      }
    }
  }

  private static String error(Throwable e) {
    return switch (e) {
      case StackOverflowError _ -> "nested too deeply";
      case InterruptedException _ -> "cancelled";
      default -> e.getMessage() == null || e.getMessage().isBlank() ? e.toString() : e.getMessage();
    };
  }
}
