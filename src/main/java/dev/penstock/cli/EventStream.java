package dev.penstock.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Server-sent events, read from a stream by a thread of their own, so that a silent connection can
 * be told from a dead one. Owns the stream.
 */
final class EventStream implements AutoCloseable {
  private static final int MAX_LINE = 1 << 20;
  private static final int MAX_DATA = 1 << 20;
  private static final int AHEAD = 100;

  private final InputStream stream;
  private final BlockingQueue<Item> items = new ArrayBlockingQueue<>(AHEAD);
  private final Thread reader;

  EventStream(InputStream stream) {
    this.stream = new BufferedInputStream(stream);
    this.reader = Thread.ofVirtual().name("events").unstarted(this::read);
    reader.start();
  }

  /** What comes over the stream. */
  sealed interface Item {}

  /**
   * @param id empty: none
   */
  record Event(String id, String name, String data) implements Item {}

  /** The server is still there. */
  record KeepAlive() implements Item {}

  /** The stream is over, or broke: who reads it cannot tell. */
  record End() implements Item {}

  /** The next item; empty: nothing came in time, not even a keep-alive. */
  Optional<Item> next(Duration limit) throws InterruptedException {
    return Optional.ofNullable(items.poll(limit.toMillis(), TimeUnit.MILLISECONDS));
  }

  private void read() {
    try {
      try {
        readEvents();
      } catch (IOException e) {
        // Broken or closed: the end, as after a whole stream.
      }
      items.put(new End());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody takes events any more
    }
  }

  private void readEvents() throws IOException, InterruptedException {
    String id = "";
    String name = "";
    var data = new StringBuilder();
    for (Optional<String> line = line(); line.isPresent(); line = line()) {
      String text = line.get();
      int colon = text.indexOf(':');
      String field = colon < 0 ? text : text.substring(0, colon);
      String value = colon < 0 ? "" : text.substring(colon + 1).replaceFirst("^ ", "");
      if (text.isEmpty()) {
        if (!data.isEmpty()) {
          items.put(new Event(id, name, data.substring(0, data.length() - 1)));
        }
        name = "";
        data.setLength(0);
        continue;
      }
      switch (field) {
        case "" -> items.put(new KeepAlive()); // a comment
        case "id" -> id = value;
        case "event" -> name = value;
        case "data" -> {
          if (data.length() + value.length() > MAX_DATA) {
            throw new IOException("an event of over a MiB");
          }
          data.append(value).append('\n');
        }
        default -> {} // fields that are not known are to be ignored
      }
    }
  }

  /** A line without its end; empty: there is no more. */
  private Optional<String> line() throws IOException {
    var bytes = new ByteArrayOutputStream();
    int b;
    while ((b = stream.read()) >= 0 && b != '\n') {
      if (bytes.size() == MAX_LINE) {
        throw new IOException("a line of over a MiB");
      }
      bytes.write(b);
    }
    String line = bytes.toString(StandardCharsets.UTF_8);
    // Half a line at the end is no line: what it would have said is not known.
    return b < 0
        ? Optional.empty()
        : Optional.of(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
  }

  @Override
  public void close() {
    reader.interrupt();
    try {
      stream.close();
    } catch (IOException e) {
      // It is given up anyway.
    }
  }
}
