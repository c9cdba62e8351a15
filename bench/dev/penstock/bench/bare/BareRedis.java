package dev.penstock.bench.bare;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Redis with nothing around it, in a database of its own: scripts that run as many commands of the
 * same kinds as those that insert, claim and settle a ping task, and plain SET and GET. Several
 * connections, many commands behind each other on each.
 */
public final class BareRedis implements AutoCloseable {
  private static final int CONNECTIONS = 4;
  private static final int PIPELINE = 100;
  private static final int LIMIT_MILLIS = 30_000;
  private static final int SHARDS = 16;
  private static final int VALUE = 64;

  /** KEYS: the shard. ARGV: which step, the task's id. The real ones are in the package store. */
  private static final String SCRIPT =
      """
      local shard, step, id = KEYS[1], ARGV[1], ARGV[2]
      local record, counts = shard .. ':task:' .. id, shard .. ':counts'
      local now = redis.call('TIME')[1]
      local function leave(phase)
        redis.call('ZREM', shard .. ':at:' .. phase, id)
        redis.call('ZREM', shard .. ':in:' .. phase, id)
        redis.call('HINCRBY', counts, phase, -1)
      end
      local function enter(phase)
        redis.call('HSET', record, 'phase', phase)
        redis.call('ZADD', shard .. ':at:' .. phase, now, id)
        redis.call('ZADD', shard .. ':in:' .. phase, now, id)
        redis.call('HINCRBY', counts, phase, 1)
      end
      local function grow()
        redis.call('HINCRBY', record, 'size', 1)
        redis.call('INCRBY', shard .. ':bytes', 1)
      end
      if step == 'insert' then
        redis.call('EXISTS', record)
        redis.call('HSET', record, 'lane', 'ping', 'seq', now, 'created', now, 'queued', now,
          'owner', 'admin', 'priority', '5', 'max_attempts', '3', 'timeout', '600000000',
          'keep_completed', '3600000000', 'keep_failed', '86400000000')
        redis.call('SET', shard .. ':input:' .. id, '{}')
        grow()
        enter('READY')
        return 'KEPT'
      end
      redis.call('HMGET', record, 'phase', 'lane', 'seq', 'token', 'lost')
      if step == 'claim' then
        leave('READY')
        redis.call('HDEL', record, 'progress')
        redis.call('HSET', record, 'token', '0123456789abcdef0123456789abcdef', 'worker', 'node-12345678',
          'started', now)
        redis.call('HINCRBY', record, 'runs', 1)
        enter('RUNNING')
      else
        leave('RUNNING')
        redis.call('HDEL', record, 'token')
        redis.call('HSET', record, 'settled', '0123456789abcdef0123456789abcdef')
        redis.call('HINCRBY', record, 'attempts', 1)
        redis.call('HDEL', record, 'error_code', 'error_message')
        redis.call('HSET', record, 'finished', now, 'format', 'JSON')
        redis.call('SET', shard .. ':output:' .. id, '{}')
        grow()
        enter('COMPLETED')
        redis.call('ZADD', shard .. ':completed', now, id)
      end
      return {redis.call('HGETALL', record), redis.call('GET', shard .. ':metadata:' .. id),
        redis.call('GET', shard .. ':input:' .. id)}
      """;

  private static final List<String> STEPS = List.of("insert", "claim", "settle");

  private final List<Pipe> pipes = new ArrayList<>();
  private final AtomicLong ids = new AtomicLong();
  private final String digest;

  public BareRedis(int port) throws IOException {
    for (int i = 0; i < CONNECTIONS; i++) {
      var pipe = new Pipe(port);
      pipes.add(pipe);
      var _ = pipe.ask(command("SELECT", "1"));
    }
    digest = pipes.getFirst().ask(command("SCRIPT", "LOAD", SCRIPT));
  }

  /**
   * Commands made beforehand, those of each connection in pipelines.
   *
   * @param count of what they do: tasks, or commands
   */
  public record Work(int count, List<List<byte[]>> pipelines) {}

  /** Work on tasks: a script each to insert, claim and settle one. */
  public Work tasks(int tasks) {
    List<List<byte[]>> work = pipelines();
    for (int i = 0; i < tasks / PIPELINE; i++) {
      long first = ids.getAndAdd(PIPELINE);
      for (String step : STEPS) {
        var all = new ByteArrayOutputStream();
        for (long id = first; id < first + PIPELINE; id++) {
          String shard = "bench:{s%02d}".formatted(id % SHARDS);
          all.writeBytes(command("EVALSHA", digest, "1", shard, step, "task-" + id));
        }
        work.get(i % CONNECTIONS).add(all.toByteArray());
      }
    }
    return new Work(tasks, work);
  }

  /** SET and GET in turns. */
  public Work commands(int commands) {
    List<List<byte[]>> work = pipelines();
    String value = "x".repeat(VALUE);
    for (int i = 0; i < commands / PIPELINE; i++) {
      var all = new ByteArrayOutputStream();
      for (int at = 0; at < PIPELINE; at += 2) {
        String key = "bench:plain:" + ((i % 1_000) * PIPELINE + at);
        all.writeBytes(command("SET", key, value));
        all.writeBytes(command("GET", key));
      }
      work.get(i % CONNECTIONS).add(all.toByteArray());
    }
    return new Work(commands, work);
  }

  /** Leaves nothing behind that the next run would have to look through. */
  public void forget() throws IOException {
    var _ = pipes.getFirst().ask(command("FLUSHDB", "ASYNC"));
  }

  private static List<List<byte[]>> pipelines() {
    List<List<byte[]>> work = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      work.add(new ArrayList<>());
    }
    return work;
  }

  /** Does it all, on all connections; how much of it a second. */
  public double rate(Work work) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
      List<Callable<Void>> senders = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        Pipe pipe = pipes.get(i);
        List<byte[]> mine = work.pipelines().get(i);
        senders.add(() -> {
          for (byte[] commands : mine) {
            pipe.send(commands, PIPELINE);
          }
          return null;
        });
      }
      long start = System.nanoTime();
      for (Future<Void> sender : threads.invokeAll(senders)) {
        sender.get();
      }
      return work.count() * 1e9 / (System.nanoTime() - start);
    }
  }

  private static byte[] command(String... words) {
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes(("*" + words.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
    for (String word : words) {
      byte[] text = word.getBytes(StandardCharsets.UTF_8);
      bytes.writeBytes(("$" + text.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
      bytes.writeBytes(text);
      bytes.write('\r');
      bytes.write('\n');
    }
    return bytes.toByteArray();
  }

  /** One connection. Replies are read and not looked at, but for errors. */
  private static final class Pipe implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;

    Pipe(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(LIMIT_MILLIS);
      in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
    }

    void send(byte[] commands, int replies) throws IOException {
      socket.getOutputStream().write(commands);
      for (int i = 0; i < replies; i++) {
        var _ = reply();
      }
    }

    String ask(byte[] command) throws IOException {
      socket.getOutputStream().write(command);
      return reply();
    }

    /** A reply's text; empty where it is a list. */
    private String reply() throws IOException {
      String line = line();
      String rest = line.substring(1);
      return switch (line.charAt(0)) {
        case '-' -> throw new IOException("Redis answers " + rest);
        case '$' -> {
          int length = Integer.parseInt(rest);
          if (length < 0) {
            yield "";
          }
          var text = new String(in.readNBytes(length), StandardCharsets.UTF_8);
          in.skipNBytes(2);
          yield text;
        }
        case '*' -> {
          for (int left = Integer.parseInt(rest); left > 0; left--) {
            var _ = reply();
          }
          yield "";
        }
        default -> rest;
      };
    }

    private String line() throws IOException {
      var line = new StringBuilder();
      int next = in.readUnsignedByte();
      while (next != '\r') {
        line.append((char) next);
        next = in.readUnsignedByte();
      }
      in.skipNBytes(1);
      return line.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Override
  public void close() throws IOException {
    for (Pipe pipe : pipes) {
      pipe.close();
    }
  }
}
