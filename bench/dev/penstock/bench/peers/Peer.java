package dev.penstock.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process that Penstock is measured beside. Told something in a line of JSON, it answers in one;
 * what else it says goes into a file, whose end is shown when something goes wrong.
 */
public final class Peer implements AutoCloseable {
  private static final Duration END = Duration.ofSeconds(10);
  private static final int SHOWN = 3_000;
  private static final String ENDED = "";

  private final String name;
  private final Path log;
  private final Process process;
  private final Writer in;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

  private Peer(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
    this.in = process.outputWriter(StandardCharsets.UTF_8);
    Thread.ofPlatform().daemon().name("answers of " + name).start(this::read);
  }

  static Peer start(
      Path scratch, String name, Map<String, String> environment, List<String> command)
      throws IOException {
    Path log = Files.createTempFile(scratch, "peer-", ".log");
    var builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(key -> key.matches("(CELERY|PYTHON|UVICORN|NODE|JAVA|JDK|RABBITMQ|REDIS)_?.*"));
    builder.environment().putAll(environment);
    return new Peer(name, log, builder.start());
  }

  private void read() {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      // A banner is no answer.
      out.lines().filter(line -> line.startsWith("{")).forEach(answers::add);
    } catch (IOException | UncheckedIOException e) {
      // It was stopped, which is all that is to be said.
    } finally {
      answers.add(ENDED);
    }
  }

  /** Tells it something and waits for the answer. */
  JsonNode ask(String json, Duration limit) throws Exception {
    tell(json);
    return answer(limit);
  }

  void tell(String json) throws IOException {
    try {
      in.write(json + "\n");
      in.flush();
    } catch (IOException e) {
      throw new IOException(name + " takes no orders\n" + said(), e);
    }
  }

  public JsonNode answer(Duration limit) throws Exception {
    String answer = answers.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
    if (answer == null || answer.equals(ENDED)) {
      String what = answer == null ? " says nothing for " + limit : " ended";
      throw new IOException(name + what + "\n" + said());
    }
    return Api.JSON.readTree(answer);
  }

  public void requireAlive() throws IOException {
    if (!process.isAlive()) {
      throw new IOException(name + " ended with " + process.exitValue() + "\n" + said());
    }
  }

  /** The end of what it said. */
  String said() throws IOException {
    String all = Files.readString(log);
    return all.substring(Math.max(0, all.length() - SHOWN)).strip();
  }

  public List<ProcessHandle> processes() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
  }

  /** Ends it and all that it started. */
  @Override
  public void close() {
    // Listed before the first one ends: orphans are nobody's descendants.
    processes().forEach(ProcessHandle::destroyForcibly);
    try {
      if (!process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException(name + " survived SIGKILL");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
