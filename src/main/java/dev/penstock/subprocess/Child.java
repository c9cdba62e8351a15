package dev.penstock.subprocess;

import dev.penstock.base.Version;
import dev.penstock.base.Visible;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One child process, from its start to its end. Three threads serve its pipes, so nobody who calls
 * it can be held by one that neither reads nor writes.
 */
final class Child {
  private static final Logger LOG = LoggerFactory.getLogger(Subprocess.class);

  /** How long a cancelled call, or a child whose input has ended, may take before it is killed. */
  static final Duration GRACE = Duration.ofSeconds(1);

  /** A killed process is gone within that, unless the kernel itself hangs. */
  static final Duration DEATH = Duration.ofSeconds(5);

  /** What it has written before its end comes within that, unless somebody else holds the pipe. */
  private static final Duration LAST_WORDS = Duration.ofMillis(500);

  private static final int MAX_VERSION = 100;
  private static final int MAX_ERROR = 1_000;

  private record Call(long id, CompletableFuture<ChildAnswer> answer) {}

  private final String name;
  private final ChildLimits limits;
  private final Process process;
  private final Printed printed;
  private final Runnable crashed;

  /** A call, its cancel and the end: never more. */
  private final BlockingQueue<Frame> toSend = new ArrayBlockingQueue<>(3);

  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final AtomicReference<@Nullable Call> current = new AtomicReference<>();
  private final AtomicReference<@Nullable String> killed = new AtomicReference<>();
  private volatile boolean dismissed;
  private long calls;

  /**
   * Forks it on this thread, which must live for as long as the child: the kernel takes the
   * thread's end for its parent's.
   *
   * @param crashed done when it ends otherwise than by {@link #dismiss}
   * @throws IOException when there is no process
   */
  static Child fork(ChildCommandLine line, String name, ChildLimits limits, Runnable crashed)
      throws IOException {
    var child = new Child(name, limits, line.builder(name, limits).start(), crashed);
    Thread answers;
    Thread words;
    try {
      child.serve("in", child::write);
      answers = child.serve("out", child::read);
      words = child.serve("err", () -> child.printed.read(child.process.getErrorStream()));
    } catch (OutOfMemoryError e) {
      child.abandon(); // there are no more threads: nobody would end it
      throw e;
    }
    Executor own = task -> Thread.ofVirtual().name("child-" + name + "-end").start(task);
    var _ = child.process.onExit().thenAcceptAsync(_ -> child.end(answers, words), own);
    return child;
  }

  private Child(String name, ChildLimits limits, Process process, Runnable crashed) {
    this.name = name;
    this.limits = limits;
    this.process = process;
    this.crashed = crashed;
    printed =
        new Printed(
            limits.printed(),
            text -> LOG.debug("child {} ({}) prints: {}", name, process.pid(), text),
            () -> kill("printed more than " + limits.printed() + " bytes"));
  }

  private Thread serve(String pipe, Runnable loop) {
    return Thread.ofPlatform().name("child-" + name + "-" + pipe).daemon().start(loop);
  }

  long pid() {
    return process.pid();
  }

  /** Whether it can be called, as far as one can know. */
  boolean alive() {
    return process.isAlive() && killed.get() == null && !dismissed;
  }

  boolean busy() {
    return current.get() != null;
  }

  /**
   * Waits until it takes requests.
   *
   * @return null, or why it does not; it is dead then
   */
  @Nullable String awaitReady() throws InterruptedException {
    try {
      ready.get(limits.start().toNanos(), TimeUnit.NANOSECONDS);
      return null;
    } catch (TimeoutException e) {
      kill("was not ready within " + seconds(limits.start()));
      return awaitEnd();
    } catch (ExecutionException e) {
      return awaitEnd();
    } catch (InterruptedException e) {
      abandon();
      throw e;
    }
  }

  /** One at a time. Within {@code limit} and some seconds. */
  ChildAnswer call(byte[] request, Duration limit) throws InterruptedException {
    printed.begin();
    var call = new Call(++calls, new CompletableFuture<>());
    current.set(call);
    try {
      if (!toSend.offer(new Frame(Frame.Kind.CALL, call.id(), request))) {
        kill("took no request");
      }
      if (ended.isDone()) {
        // Perhaps before it could know of this call.
        return new ChildAnswer.Crashed(awaitEnd());
      }
      return call.answer().get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      kill("did not answer within " + seconds(limit));
      return new ChildAnswer.Crashed(awaitEnd());
    } catch (InterruptedException e) {
      cancel(call);
      throw e;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // nobody completes it so
    } finally {
      current.set(null);
    }
  }

  private void cancel(Call call) {
    try {
      boolean _ = toSend.offer(Frame.of(Frame.Kind.CANCEL, call.id()));
      ChildAnswer _ = call.answer().get(GRACE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      kill("went on with a cancelled call");
    }
  }

  /** Its input ends, and so does it, by itself. */
  void dismiss() {
    dismissed = true;
    if (!toSend.offer(Frame.of(Frame.Kind.END, 0))) {
      abandon();
    }
  }

  /** Kills it, which is nobody's fault. */
  void abandon() {
    dismissed = true;
    kill("was no longer needed");
  }

  /** The first reason counts; its own end goes before. Does not wait. */
  void kill(String why) {
    if (process.isAlive() && killed.compareAndSet(null, why)) {
      // By its handle: Process itself would close pipes that other threads hold.
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      boolean _ = process.toHandle().destroyForcibly();
    }
  }

  /** Waits for its end, with a limit; returns the reason. */
  String awaitEnd() throws InterruptedException {
    try {
      return ended.get(DEATH.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return sentence("cannot be killed, though it " + killed.get());
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // nobody completes it so
    }
  }

  /** Waits for its end, with a limit. */
  boolean awaitEnd(Duration limit) throws InterruptedException {
    return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void write() {
    try (OutputStream out = process.getOutputStream()) {
      for (Frame frame = toSend.take(); frame.kind() != Frame.Kind.END; frame = toSend.take()) {
        frame.writeTo(out);
      }
    } catch (IOException e) {
      // It has ended, and whoever waits hears so.
    } catch (InterruptedException e) {
      abandon(); // nobody interrupts its threads
    }
  }

  private void read() {
    var in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    try {
      Frame first = Frame.readFrom(in, MAX_VERSION);
      if (first != null) {
        checkReady(first);
        for (Frame frame = Frame.readFrom(in, limits.answer());
            frame != null;
            frame = Frame.readFrom(in, limits.answer())) {
          take(frame);
        }
      }
      if (!awaitEnd(GRACE)) {
        kill("closed its output");
      }
    } catch (Frame.TooLong e) {
      kill("gave an answer of more than " + limits.answer() + " bytes");
    } catch (Frame.Garbled e) {
      kill("broke the protocol");
    } catch (IOException e) {
      // It has ended.
    } catch (InterruptedException e) {
      abandon(); // nobody interrupts its threads
    }
  }

  private void checkReady(Frame first) throws Frame.Garbled {
    if (first.kind() != Frame.Kind.READY) {
      throw new Frame.Garbled();
    }
    String version = new String(first.bytes(), StandardCharsets.UTF_8);
    if (version.equals(Version.current())) {
      ready.complete(null);
    } else {
      kill("is of version %s: the program was replaced".formatted(Visible.quoted(version)));
    }
  }

  private void take(Frame frame) throws Frame.Garbled {
    Call call = current.get();
    if (call == null || call.id() != frame.call()) {
      throw new Frame.Garbled();
    }
    ChildAnswer answer =
        switch (frame.kind()) {
          case ANSWER -> new ChildAnswer.Answered(frame.bytes());
          case ERROR -> new ChildAnswer.Refused(error(frame.bytes()));
          case CALL, CANCEL, END, READY -> throw new Frame.Garbled();
        };
    if (!call.answer().complete(answer)) {
      throw new Frame.Garbled();
    }
  }

  private static String error(byte[] utf8) {
    String text = Visible.text(new String(utf8, StandardCharsets.UTF_8));
    return text.length() <= MAX_ERROR ? text : text.substring(0, MAX_ERROR) + "…";
  }

  private void end(Thread answers, Thread words) {
    try {
      // What it answered and printed before its end is still in the pipes.
      boolean _ = answers.join(LAST_WORDS) && words.join(LAST_WORDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String reason = reason();
    try {
      tell(reason);
    } finally {
      boolean _ = toSend.offer(Frame.of(Frame.Kind.END, 0));
      ended.complete(reason);
      ready.completeExceptionally(new IllegalStateException(reason));
      Call call = current.get();
      if (call != null) {
        call.answer().complete(new ChildAnswer.Crashed(reason));
      }
    }
  }

  private void tell(String reason) {
    if (dismissed) {
      LOG.debug("child {} ({}) has ended, as it should", name, pid());
    } else {
      // One that was never ready is told of by whoever wanted to start it.
      LOG.atLevel(ready.isDone() ? Level.INFO : Level.DEBUG).log("{} (process {})", reason, pid());
      crashed.run();
    }
  }

  private String reason() {
    String why = killed.get();
    String last = printed.last();
    return sentence(
        (why == null
                ? "ended: " + ExitWords.of(process.exitValue(), limits)
                : why + " and was killed")
            + (last.isEmpty() ? "" : "; it printed last: " + last));
  }

  private String sentence(String what) {
    return "the child process " + name + " " + what;
  }

  private static String seconds(Duration time) {
    return time.toMillis() % 1_000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
