package dev.penstock.subprocess;

import static dev.penstock.testing.Processes.awaitEnd;
import static dev.penstock.testing.Processes.signal;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real child processes, and all they may do. */
class SubprocessTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(500);
  private static final ChildLimits LIMITS =
      new ChildLimits(32, 8, 4 << 20, 1 << 20, 1 << 20, LONG, LONG);

  private final AtomicInteger crashes = new AtomicInteger();
  private final ChildProcesses children =
      new ChildProcesses(TestChild.class.getName(), _ -> crashes.incrementAndGet());
  private final Subprocess child = children.open("test", LIMITS);

  @TempDir Path folder;

  @AfterEach
  void end() {
    children.close();
  }

  @Test
  void answersComeBackFromOneProcess() throws Exception {
    assertThat(child.pid()).as("nothing runs before it is used").isZero();
    Subprocess echo = children.open("echo", LIMITS);
    byte[] large = new byte[LIMITS.answer()];
    large[large.length - 1] = 7;
    assertThat(bytes(echo.call(large, LONG))).isEqualTo(large);
    long process = echo.pid();
    long begun = System.nanoTime();
    for (int i = 0; i < 2_000; i++) {
      assertThat(new String(bytes(echo.call(utf8("call " + i), LONG)), UTF_8))
          .isEqualTo("call " + i);
    }
    System.out.printf("a call and its answer: %d µs%n", (System.nanoTime() - begun) / 2_000_000);
    System.out.printf("an idle child: %s%n", resident(process));
    assertThat(bytes(echo.call(new byte[0], LONG))).isEmpty();
    assertThat(echo.pid()).isEqualTo(process);
    assertThatThrownBy(() -> echo.call(new byte[LIMITS.request() + 1], LONG))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void oneThatIsClosedIsForgotten() throws Exception {
    int before = children.size();
    Subprocess echo = children.open("echo", LIMITS);
    assertThat(bytes(echo.call(utf8("a"), LONG))).isEqualTo(utf8("a"));
    long process = echo.pid();
    children.close(echo);
    awaitEnd(process);
    assertThat(children.size()).isEqualTo(before);
    assertThat(echo.call(utf8("a"), LONG)).isInstanceOf(ChildAnswer.Unavailable.class);
    assertThat(crashes).hasValue(0);
  }

  @Test
  void callersSideBySideTakeTurns() throws Exception {
    Subprocess echo = children.open("echo", LIMITS);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        byte[] request = utf8("caller " + i);
        answers.add(threads.submit(() -> new String(bytes(echo.call(request, LONG)), UTF_8)));
      }
      for (int i = 0; i < answers.size(); i++) {
        assertThat(answers.get(i).get(60, TimeUnit.SECONDS)).isEqualTo("caller " + i);
      }
    }
    CompletableFuture<ChildAnswer> first = inBackground("sleep", LONG);
    assertThat(call("pid", SHORT))
        .as("a turn that does not come within the limit")
        .isInstanceOf(ChildAnswer.Unavailable.class);
    assertThat(first).isNotDone();
  }

  @Test
  void whatTheProgramThrowsIsAnErrorAndTheProcessGoesOn() throws Exception {
    String process = text(call("pid", LONG));
    assertThat(call("throw \u001b[31mno such page", LONG))
        .isEqualTo(new ChildAnswer.Refused("\\u001b[31mno such page"));
    assertThat(call("nest", LONG)).isEqualTo(new ChildAnswer.Refused("nested too deeply"));
    assertThat(text(call("pid", LONG))).isEqualTo(process);
    assertThat(crashes).hasValue(0);
  }

  @Test
  void aProcessThatEndsIsACrashAndTheNextCallHasAnother() throws Exception {
    String first = text(call("pid", LONG));
    assertThat(crashed(call("halt 7", LONG)))
        .isEqualTo(
            "the child process test ended: exit 7; it printed last: "
                + "last words, \\u001b[31mred\\u001b[0m");
    long begun = System.nanoTime();
    assertThat(text(call("pid", LONG))).isNotEqualTo(first);
    System.out.printf("up again after a crash: %d ms%n", (System.nanoTime() - begun) / 1_000_000);
    assertThat(crashed(call("segv", LONG)))
        .contains("exit 1", "SIGSEGV", "libc")
        .doesNotContain("END");
    assertThat(text(call("pid", LONG))).isNotEqualTo(first);
    assertThat(crashes).hasValue(2);
  }

  @Test
  void aProcessKilledFromOutsideIsACrashAtWorkAndNoneWhenIdle() throws Exception {
    long first = Long.parseLong(text(call("pid", LONG)));
    CompletableFuture<ChildAnswer> running = inBackground("sleep", LONG);
    signal("KILL", first);
    assertThat(crashed(running.get(60, TimeUnit.SECONDS)))
        .contains("exit 137, signal 9 (killed, from outside or for want of memory)");
    long second = Long.parseLong(text(call("pid", LONG)));
    signal("KILL", second);
    Await.until("its death is seen", LONG, () -> child.pid() == 0);
    assertThat(text(call("pid", LONG))).isNotEqualTo(Long.toString(second));
  }

  @Test
  void oneThatDoesNotAnswerInTimeIsKilled() throws Exception {
    String process = text(call("pid", LONG));
    assertThat(crashed(call("sleep", SHORT)))
        .contains("did not answer within 500 ms and was killed");
    assertThat(crashed(call("spin", SHORT))).contains("did not answer within 500 ms");
    assertThat(text(call("pid", LONG))).isNotEqualTo(process);
  }

  @Test
  void oneThatDoesNotEvenReadItsRequestIsKilled() throws Exception {
    signal("STOP", Long.parseLong(text(call("pid", LONG))));
    assertThat(crashed(child.call(new byte[LIMITS.request()], SHORT)))
        .contains("did not answer within 500 ms");
    assertThat(text(call("pid", LONG))).isNotEmpty();
  }

  @Test
  void outputWithoutEndIsReadAndEndsTheProcess() throws Exception {
    for (String where : List.of("err", "out")) {
      assertThat(crashed(call("print " + where, LONG)))
          .contains("printed more than 1048576 bytes")
          .hasSizeLessThan(2_500);
    }
    assertThat(crashed(call("garble", LONG)))
        .containsAnyOf("broke the protocol", "an answer of more than");
    assertThat(crashed(call("long " + (LIMITS.answer() + 1), LONG)))
        .contains("gave an answer of more than 1048576 bytes");
    assertThat(text(call("pid", LONG))).isNotEmpty();
  }

  @Test
  void whatIsPrintedBelowJavaReachesNoAnswer() throws Exception {
    assertThat(text(call("shell yes | head -c 300000; cat; echo some words >&2", LONG)))
        .as("exit code")
        .isEqualTo("0");
    assertThat(crashed(call("halt 1", LONG))).contains("some words | last words");
  }

  @Test
  void aFullHeapEndsTheProcess() throws Exception {
    assertThat(crashed(call("heap", LONG))).contains("exit 3, out of memory (a heap of 32 MiB)");
    assertThat(crashed(call("direct", LONG))).contains("exit 3, out of memory");
    assertThat(text(call("pid", LONG))).isNotEmpty();
  }

  @Test
  void aProcessOfTheChildThatHoldsItsPipesHoldsNobody() throws Exception {
    String reason = crashed(call("shell sleep 600 & echo left $! >&2; kill -9 $PPID", LONG));
    assertThat(reason).contains("exit 137");
    assertThat(text(call("pid", LONG))).isNotEmpty();
    signal("KILL", Long.parseLong(reason.replaceFirst("(?s).*left (\\d+).*", "$1")));
  }

  @Test
  void anIdleProcessEndsByItselfAndTheNextCallHasAnother() throws Exception {
    Subprocess brief =
        children.open("test", new ChildLimits(32, 8, 1_000, 1_000, 1_000, LONG, SHORT));
    String first = text(brief.call(utf8("pid"), LONG));
    awaitEnd(Long.parseLong(first));
    assertThat(text(brief.call(utf8("pid"), LONG))).isNotEqualTo(first);
    assertThat(crashes).hasValue(0);
  }

  @Test
  void anInterruptEndsACallAndTheProcessOnlyIfItDoesNotHeedIt() throws Exception {
    String process = text(call("pid", LONG));
    interruptedCall("sleep");
    assertThat(text(call("pid", LONG))).isEqualTo(process);
    interruptedCall("spin");
    assertThat(text(call("pid", LONG))).isNotEqualTo(process);
  }

  @Test
  void aChildSeesNothingOfItsParent() throws Exception {
    try (var _ = new ServerSocket(0);
        var _ = Files.newOutputStream(folder.resolve("secret"))) {
      assertThat(text(call("environment", LONG)).replaceAll("(LANG|LC_ALL|LC_CTYPE)=[^,}]*", ""))
          .matches("[{}, ]*");
      assertThat(text(call("descriptors", LONG)))
          .contains("0=/dev/null", "1=/dev/null", "2=pipe:")
          .doesNotContain("socket:", "secret");
    }
  }

  @Test
  void startsThatFailAreSpacedAndSayWhy() throws Exception {
    Subprocess none = children.open("none", LIMITS);
    ChildAnswer first = none.call(utf8(""), LONG);
    assertThat(first)
        .isInstanceOfSatisfying(
            ChildAnswer.Unavailable.class,
            answer -> {
              assertThat(answer.reason()).contains("exit 2", "no child program is called none");
              assertThat(answer.again()).isBetween(Duration.ofNanos(1), SHORT);
            });
    Subprocess slow =
        children.open("echo", new ChildLimits(32, 8, 9, 9, 9, Duration.ofMillis(1), LONG));
    assertThat(slow.call(utf8(""), LONG))
        .isInstanceOfSatisfying(
            ChildAnswer.Unavailable.class,
            answer -> assertThat(answer.reason()).contains("was not ready within 1 ms"));
    Subprocess impossible = children.open("echo", new ChildLimits(1 << 30, 8, 9, 9, 9, LONG, LONG));
    assertThat(impossible.call(utf8(""), LONG)).isInstanceOf(ChildAnswer.Unavailable.class);
  }

  @Test
  void signalsToTheGroupAreLeftToTheParentWhoseCloseEndsAll() throws Exception {
    long process = Long.parseLong(text(call("pid", LONG)));
    signal("TERM", process);
    signal("INT", process);
    assertThat(text(call("pid", LONG))).isEqualTo(Long.toString(process));
    CompletableFuture<ChildAnswer> running = inBackground("sleep", LONG);
    children.close();
    assertThat(running.get(60, TimeUnit.SECONDS)).isInstanceOf(ChildAnswer.Unavailable.class);
    awaitEnd(process);
    assertThat(call("pid", LONG))
        .isInstanceOfSatisfying(
            ChildAnswer.Unavailable.class,
            answer -> assertThat(answer.reason()).contains("stopping"));
    assertThat(crashes).hasValue(0);
  }

  @Test
  void nothingIsLeftWhenTheParentIsKilled() throws Exception {
    for (String last : List.of("sleep", "spin")) {
      try (var parent = new Parent(last)) {
        parent.kill();
        awaitEnd(parent.child);
      }
    }
    // Its input's end does not reach one that is stopped: the kernel's signal does.
    try (var parent = new Parent("sleep")) {
      signal("STOP", parent.child);
      parent.kill();
      awaitEnd(parent.child);
    }
  }

  /** A process with a child that is at work. */
  private static final class Parent implements AutoCloseable {
    private final Process process;
    private final long child;

    Parent(String work) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  TestParent.class.getName(),
                  work)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader out = process.inputReader();
      String line = out.readLine();
      while (line != null && !line.matches("\\d+")) { // its log
        line = out.readLine();
      }
      child = Long.parseLong(line);
    }

    void kill() throws InterruptedException {
      assertThat(ProcessHandle.of(child)).isPresent();
      assertThat(process.destroyForcibly().waitFor(60, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void close() {
      process.destroyForcibly();
      ProcessHandle.of(child).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private ChildAnswer call(String request, Duration limit) throws InterruptedException {
    return child.call(utf8(request), limit);
  }

  /** A call on another thread; returns once it has its turn. */
  private CompletableFuture<ChildAnswer> inBackground(String request, Duration limit)
      throws Exception {
    CompletableFuture<ChildAnswer> answer = new CompletableFuture<>();
    background(request, limit, answer);
    return answer;
  }

  private Thread background(String request, Duration limit, CompletableFuture<ChildAnswer> answer)
      throws Exception {
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                answer.complete(call(request, limit));
              } catch (InterruptedException e) {
                answer.completeExceptionally(e);
              }
            });
    Await.until("the call runs", LONG, () -> child.busy());
    return thread;
  }

  private void interruptedCall(String request) throws Exception {
    CompletableFuture<ChildAnswer> answer = new CompletableFuture<>();
    background(request, LONG, answer).interrupt();
    assertThatThrownBy(() -> answer.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(InterruptedException.class);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] bytes(ChildAnswer answer) {
    assertThat(answer).isInstanceOf(ChildAnswer.Answered.class);
    return ((ChildAnswer.Answered) answer).bytes();
  }

  private static String text(ChildAnswer answer) {
    return new String(bytes(answer), UTF_8);
  }

  private static String crashed(ChildAnswer answer) {
    assertThat(answer).isInstanceOf(ChildAnswer.Crashed.class);
    return ((ChildAnswer.Crashed) answer).reason();
  }

  private static String resident(long process) throws IOException {
    return Files.readString(Path.of("/proc/" + process + "/status"))
        .replaceFirst("(?s).*(VmRSS:[^\n]*).*", "$1");
  }
}
