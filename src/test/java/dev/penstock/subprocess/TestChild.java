package dev.penstock.subprocess;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A child process that does what its requests say, most of it bad. */
final class TestChild implements ChildProgram {
  private TestChild() {}

  /** As the program's own command {@code child} has it. */
  public static void main(String[] arguments) {
    long parent = Long.parseLong(arguments[2]);
    switch (arguments[1]) {
      case "echo" -> ChildLoop.run(request -> request, parent);
      case "test" -> ChildLoop.run(new TestChild(), parent);
      default -> {
        System.err.println("no child program is called " + arguments[1]);
        System.exit(ChildLoop.WRONG);
      }
    }
  }

  @Override
  public byte[] answer(byte[] request) throws Exception {
    String[] words = new String(request, UTF_8).split(" ", 2);
    return switch (words[0]) {
      case "pid" -> text(ProcessHandle.current().pid());
      case "environment" -> text(new TreeMap<>(System.getenv()));
      case "descriptors" -> text(descriptors());
      case "throw" -> throw new IOException(words[1]);
      case "halt" -> halt(words[1]);
      case "nest" -> text(nest(0));
      case "heap" -> fill(new ArrayList<>(), _ -> new byte[1 << 20]);
      case "direct" -> fill(new ArrayList<>(), _ -> ByteBuffer.allocateDirect(1 << 20));
      case "long" -> new byte[Integer.parseInt(words[1])];
      case "sleep" -> sleep();
      case "spin" -> spin();
      case "print" -> printForEver(words[1]);
      case "shell" -> shell(words[1]);
      case "garble" -> garble();
      case "segv" -> text(strlenOfNull());
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  private static byte[] text(Object value) {
    return value.toString().getBytes(UTF_8);
  }

  private static byte[] halt(String code) {
    System.err.println("last words, \u001b[31mred\u001b[0m");
    Runtime.getRuntime().halt(Integer.parseInt(code));
    return text("");
  }

  private static int nest(int depth) {
    return depth < 0 ? depth : nest(depth + 1) + 1;
  }

  private static byte[] fill(List<Object> all, java.util.function.IntFunction<Object> portion) {
    for (int i = 0; i < Integer.MAX_VALUE; i++) {
      all.add(portion.apply(i));
    }
    return text(all.size());
  }

  private static byte[] sleep() throws InterruptedException {
    Thread.sleep(600_000);
    return text("slept");
  }

  /** Heeds no interrupt. */
  private static byte[] spin() {
    while (ProcessHandle.current().isAlive()) {
      Thread.onSpinWait();
    }
    return text("");
  }

  private static byte[] printForEver(String where) {
    byte[] line = ("x".repeat(1_000) + "\n").getBytes(UTF_8);
    while (ProcessHandle.current().isAlive()) {
      (where.equals("out") ? System.out : System.err).writeBytes(line);
    }
    return text("");
  }

  /** A process of its own, with the same descriptors 0, 1 and 2. */
  private static byte[] shell(String script) throws Exception {
    return text(new ProcessBuilder("sh", "-c", script).inheritIO().start().waitFor());
  }

  /** Writes into every pipe that it has for that, without end. */
  private static byte[] garble() throws IOException {
    List<FileOutputStream> pipes = new ArrayList<>();
    for (Map.Entry<Integer, String> each : descriptors().entrySet()) {
      if (each.getKey() > 2 && each.getValue().startsWith("pipe:")) {
        String flags = Files.readString(Path.of("/proc/self/fdinfo/" + each.getKey()));
        if (flags.matches("(?s).*flags:\\s*\\d*1\n.*")) { // octal: write only
          pipes.add(new FileOutputStream("/dev/fd/" + each.getKey()));
        }
      }
    }
    byte[] noise = "no frame at all ".repeat(1_000).getBytes(UTF_8);
    while (ProcessHandle.current().isAlive()) {
      for (FileOutputStream pipe : pipes) {
        pipe.write(noise);
      }
      new FileOutputStream(FileDescriptor.out).write(noise);
    }
    return text("");
  }

  private static Map<Integer, String> descriptors() throws IOException {
    Map<Integer, String> all = new TreeMap<>();
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      for (Path each : open.toList()) {
        if (Files.isSymbolicLink(each)) { // not the folder's own, which is closed again
          all.put(
              Integer.parseInt(each.getFileName().toString()),
              Files.readSymbolicLink(each).toString());
        }
      }
    }
    return all;
  }

  @SuppressWarnings("restricted")
  private static long strlenOfNull() throws IOException {
    Linker linker = Linker.nativeLinker();
    try {
      return (long)
          linker
              .downcallHandle(
                  linker.defaultLookup().findOrThrow("strlen"),
                  FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS))
              .invokeExact(MemorySegment.NULL);
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }
}
