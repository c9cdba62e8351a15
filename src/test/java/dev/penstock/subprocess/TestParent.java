package dev.penstock.subprocess;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;

/** A process that has a child process, prints its id, and has it do something that does not end. */
final class TestParent {
  private TestParent() {}

  public static void main(String[] arguments) throws Exception {
    try (var children = new ChildProcesses(TestChild.class.getName(), _ -> {})) {
      Subprocess child = children.open("test", ChildLimits.ofHeap(32));
      Duration limit = Duration.ofSeconds(60);
      if (child.call("pid".getBytes(UTF_8), limit) instanceof ChildAnswer.Answered(byte[] pid)) {
        System.out.println(new String(pid, UTF_8));
      }
      ChildAnswer last = child.call(arguments[0].getBytes(UTF_8), limit);
      System.out.println(last);
    }
  }
}
