package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultTable;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.Neighbour;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import dev.penstock.testing.Site;
import dev.penstock.testing.TinyModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What docs/security.md says of attacks, as a neighbour feels it who only wants vectors of short
 * texts: the time of his requests alone and beside each attack, and what the server needs
 * meanwhile. His answers have to be right; how long they take is shown, and the machine's business.
 */
final class LongFaultsAttacks {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Duration ALONE = Duration.ofSeconds(5);
  private static final Duration BESIDE = Duration.ofSeconds(5L * SCALE);

  /** The neighbour's p99 beside an attack is to stay below so many times that alone. */
  private static final double MOST = 3;

  private static final int ATTACKERS = 8;
  private static final int LISTED = 20_000;
  private static final String WORKER = "Authorization: Bearer " + PenstockProcess.KEY + "\r\n";
  private static final String WRONG = "Authorization: Bearer sk-none-";

  @TempDir static Path models;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site site;

  @SuppressWarnings("NullAway.Init")
  private static Api attacker;

  private static String attackersKey = "";

  private static final AtomicLong NUMBERS = new AtomicLong();

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    ModelFolders.tiny(models, TinyModel.QUICK, TinyModel.quick());
    site =
        Site.sqlite(
            folder,
            Map.of(
                "MODELS_DIR",
                models.toString(),
                "EMBEDDING_MODEL",
                TinyModel.QUICK,
                "EMBEDDING_CACHE",
                "0"));
    attackersKey = site.api().keyOf("attacker");
    attacker = new Api(site.api().base(), attackersKey);
    String task = "{\"type\":\"ping\",\"delay_seconds\":86400,\"input\":{\"note\":\"haystack\"}}";
    String many = "[" + String.join(",", Collections.nCopies(1_000, task)) + "]";
    Producers.all(
        LISTED / 1_000, _ -> assertThat(attacker.post("/v1/tasks", many).status()).isEqualTo(202));
  }

  @AfterAll
  static void stop() {
    attacker.close();
    site.close();
  }

  /** What is done, in as many threads as there are attackers, over and over again. */
  enum Attack {
    METHODS("A01", "a stranger makes up HTTP methods") {
      @Override
      void once(Sockets open) throws Exception {
        open.exchange("MADEUP%d /v1/tasks HTTP/1.1\r\nHost: a\r\n\r\n".formatted(next()));
      }
    },

    NOT_HTTP("A02", "a stranger sends what is no HTTP") {
      @Override
      void once(Sockets open) throws Exception {
        open.exchange(
            "POST /v1/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x%d\r\n\r\n"
                .formatted(next()));
      }
    },

    WRONG_KEYS("A03", "a stranger tries keys") {
      @Override
      void once(Sockets open) throws Exception {
        open.exchange("GET /v1/tasks HTTP/1.1\r\nHost: a\r\n" + WRONG + next() + "\r\n\r\n");
      }
    },

    SLOW_WRITERS("A04", "a stranger opens 500 connections, and sends a byte now and then") {
      @Override
      void once(Sockets open) throws Exception {
        open.keep(500, "GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ");
        open.writeEach('a');
      }
    },

    SLOW_READERS("A05", "a client asks for long lists of vectors, 60 at once, and reads none") {
      @Override
      void once(Sockets open) throws Exception {
        String texts = String.join(",", Collections.nCopies(256, "\"water " + next() + "\""));
        open.keep(60, request("/v1/embeddings", key(), "{\"input\":[" + texts + "]}"));
      }
    },

    WIDE_BODIES("A06", "a client sends wide objects, eight at once") {
      @Override
      void once(Sockets open) throws Exception {
        var wide = new StringBuilder("{\"type\":\"mining\",\"input\":{");
        for (int i = 0; i < 60_000; i++) {
          wide.append("\"k").append(i).append("\":1,");
        }
        assertThat(attacker.post("/v1/tasks", wide.append("\"k\":1}}").toString()).status())
            .isBetween(400, 503);
      }
    },

    SEARCHES("A07", "a client looks for a text in 20,000 tasks, eight at once") {
      @Override
      void once(Sockets open) throws Exception {
        assertThat(attacker.get("/v1/tasks?q=needle" + next()).status()).isIn(200, 429, 503);
      }
    },

    STREAMS("A08", "a client opens 250 streams of events") {
      @Override
      void once(Sockets open) throws Exception {
        open.keep(
            250,
            "GET /v1/tasks/%s/events HTTP/1.1\r\nHost: a\r\n%s\r\n".formatted(open.task(), key()));
      }
    },

    POLLS("A09", "a worker polls, 500 times at once") {
      @Override
      void once(Sockets open) throws Exception {
        String body = "{\"worker\":\"w\",\"lanes\":[\"ping\"],\"wait_seconds\":30}";
        open.keep(500, request("/v1/worker/lease", WORKER, body));
      }
    },

    BROKEN_MODELS("A10", "a model's author leaves directories that are none, and changes them") {
      @Override
      void once(Sockets open) throws Exception {
        Path folder = Files.createDirectories(models.resolve("broken-" + next() % 20));
        Files.writeString(folder.resolve("tokenizer.json"), "[".repeat(100_000));
        Files.writeString(folder.resolve("config.json"), "{\"hidden_size\": " + next() + "}");
        Files.createDirectories(folder.resolve("onnx"));
        Files.write(folder.resolve("onnx/model.onnx"), new byte[100_000]);
        attacker.post("/v1/embeddings", "{\"input\":\"a\",\"model\":\"broken-1\"}");
      }
    },

    CROWD("A11", "a stranger opens connections from 100 addresses, as many as he can") {
      @Override
      void once(Sockets open) throws Exception {
        open.crowd(5_000, 100, "GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ");
      }
    };

    private final String number;
    private final String words;

    Attack(String number, String words) {
      this.number = number;
      this.words = words;
    }

    abstract void once(Sockets open) throws Exception;
  }

  private static long next() {
    return NUMBERS.incrementAndGet();
  }

  private static String key() {
    return "Authorization: Bearer " + attackersKey + "\r\n";
  }

  private static String request(String path, String key, String body) {
    return "POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        .formatted(path, key, body.length(), body);
  }

  /** Connections of an attack, of which nothing is read but what is asked for. */
  static final class Sockets implements AutoCloseable {
    private final List<Socket> kept = new ArrayList<>();
    private String task = "";

    private static Socket open() throws IOException {
      return open("127.0.0.1");
    }

    private static Socket open(String from) throws IOException {
      var socket = new Socket();
      socket.setReceiveBufferSize(4_096);
      socket.bind(new InetSocketAddress(from, 0));
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), site.process().uri().getPort()));
      return socket;
    }

    /** Sends it, and reads an answer's first bytes. */
    void exchange(String request) throws IOException {
      try (Socket socket = open()) {
        socket.setSoTimeout((int) LIMIT.toMillis());
        socket.getOutputStream().write(request.getBytes(US_ASCII));
        boolean _ = socket.getInputStream().read() < 0;
      }
    }

    /** Opens so many in all, and sends each the beginning. The server may close them again. */
    synchronized void keep(int count, String beginning) throws IOException {
      kept.removeIf(Socket::isClosed);
      while (kept.size() < count) {
        Socket socket = open();
        kept.add(socket);
        try {
          socket.getOutputStream().write(beginning.getBytes(US_ASCII));
        } catch (IOException e) {
          socket.close();
        }
      }
    }

    /** Opens a hundred more from so many addresses, and leaves the eldest of more than so many. */
    synchronized void crowd(int count, int addresses, String beginning) throws IOException {
      for (int i = 0; i < 100; i++) {
        Socket socket = open("127.0.1." + (1 + next() % addresses));
        kept.add(socket);
        try {
          socket.getOutputStream().write(beginning.getBytes(US_ASCII));
        } catch (IOException e) {
          socket.close();
        }
      }
      while (kept.size() > count) {
        kept.removeFirst().close();
      }
    }

    synchronized void writeEach(char letter) throws IOException {
      for (Socket socket : kept) {
        try {
          socket.getOutputStream().write(letter);
        } catch (IOException e) {
          socket.close(); // and another is opened
        }
      }
    }

    /** A task that does not end. */
    synchronized String task() throws IOException, InterruptedException {
      if (task.isEmpty()) {
        String body = "{\"type\":\"ping\",\"delay_seconds\":86400}";
        task = attacker.post("/v1/tasks", body).json().path("id").asText();
      }
      return task;
    }

    @Override
    public synchronized void close() throws IOException {
      for (Socket socket : kept) {
        socket.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNeighbourHasHisVectorsBesideTheAttack(Attack attack) throws Exception {
    var checker = new Checker();
    try (var neighbour = new Neighbour(site, checker)) {
      Neighbour.Times alone = neighbour.ask(ALONE);
      Neighbour.Times beside;
      try (var open = new Sockets();
          var _ = Producers.start(ATTACKERS, () -> attack.once(open))) {
        beside = neighbour.ask(BESIDE);
      }
      double times = beside.p99() / alone.p99();
      FaultTable.add(
          attack.number,
          attack.words,
          checker.settle(site.api(), LIMIT),
          0,
          null,
          String.format(
              Locale.ROOT,
              "a neighbour's p99 %.1f ms alone, %.1f ms beside (%.1f times%s); heap %d MB and %d"
                  + " threads at most, %d MB and %d alone",
              alone.p99(),
              beside.p99(),
              times,
              times > MOST ? ", more than " + Math.round(MOST) : "",
              beside.heapMegabytes(),
              beside.threads(),
              alone.heapMegabytes(),
              alone.threads()));
    }
    Await.until("it is ready", LIMIT, () -> site.api().get("/health/ready").status() == 200);
  }
}
