package dev.penstock.engine.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A server that keeps every byte it is sent, and answers as a test says, byte by byte. */
public final class ScriptedServer implements AutoCloseable {
  private static final int SECONDS = 20;

  /** What it was sent, as it came: head and body. */
  public final List<String> requests = Collections.synchronizedList(new ArrayList<>());

  /** One for each client that left before its answer's end. */
  public final Semaphore left = new Semaphore(0);

  private final ServerSocket socket;
  private final LinkedBlockingQueue<Script> scripts = new LinkedBlockingQueue<>();

  /** An answer. */
  @FunctionalInterface
  public interface Script {
    void play(Reply reply) throws Exception;
  }

  public ScriptedServer() {
    try {
      socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  /** The next request is answered so. */
  public ScriptedServer then(Script script) {
    scripts.add(script);
    return this;
  }

  /** The next request is answered by these events, and an end. */
  public ScriptedServer thenEvents(String... data) {
    return then(reply -> {
      reply.stream();
      for (String each : data) {
        reply.part("data: " + each + "\n\n");
      }
      reply.end();
    });
  }

  /** The next request is answered by a status, a head's line and a body. */
  public ScriptedServer thenStatus(int status, String header, String body) {
    return then(reply -> reply.whole(status, header, body));
  }

  public String url() {
    return "http://127.0.0.1:" + socket.getLocalPort();
  }

  /** The body of the newest request. */
  public String body() {
    String last = requests.getLast();
    return last.substring(last.indexOf("\r\n\r\n") + 4);
  }

  private void accept() {
    try {
      while (true) {
        Socket one = socket.accept();
        Thread.ofVirtual().start(() -> serve(one));
      }
    } catch (IOException e) {
      // It is closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      var in = new BufferedInputStream(client.getInputStream());
      var out = new BufferedOutputStream(client.getOutputStream());
      while (request(in)) {
        Script script = scripts.poll(SECONDS, TimeUnit.SECONDS);
        if (script == null) {
          return;
        }
        script.play(new Reply(client, in, out));
      }
    } catch (IOException e) {
      left.release();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean request(InputStream in) throws IOException {
    var head = new ByteArrayOutputStream();
    while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
      int one = in.read();
      if (one < 0) {
        return false;
      }
      head.write(one);
    }
    String text = head.toString(ISO_8859_1);
    int length =
        text.lines()
            .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
            .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
            .findFirst()
            .orElse(0);
    requests.add(text + new String(in.readNBytes(length), UTF_8));
    return true;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An answer that is being sent. */
  public static final class Reply {
    private final Socket client;
    private final InputStream in;
    private final OutputStream out;

    private Reply(Socket client, InputStream in, OutputStream out) {
      this.client = client;
      this.in = in;
      this.out = out;
    }

    /** The head of a stream of events. */
    public void stream() throws IOException {
      head("text/event-stream");
    }

    /** The head of a body that comes in parts. */
    public void head(String type) throws IOException {
      raw("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nTransfer-Encoding: chunked\r\n\r\n");
    }

    public void part(String text) throws IOException {
      part(text.getBytes(UTF_8));
    }

    public void part(byte[] bytes) throws IOException {
      raw(Integer.toHexString(bytes.length) + "\r\n");
      out.write(bytes);
      raw("\r\n");
    }

    public void end() throws IOException {
      raw("0\r\n\r\n");
    }

    /** Nothing more comes, not even an end. */
    public void cut() throws IOException {
      client.close();
    }

    /** Waits until whoever asked has gone. */
    public void hang() throws IOException {
      if (in.read() < 0) {
        throw new IOException("it has left");
      }
    }

    public void whole(int status, String header, String body) throws IOException {
      byte[] bytes = body.getBytes(UTF_8);
      raw(
          "HTTP/1.1 "
              + status
              + " Said\r\n"
              + (header.isEmpty() ? "" : header + "\r\n")
              + "Content-Length: "
              + bytes.length
              + "\r\n\r\n");
      out.write(bytes);
      out.flush();
    }

    private void raw(String text) throws IOException {
      out.write(text.getBytes(ISO_8859_1));
      out.flush();
    }
  }
}
