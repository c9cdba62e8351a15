package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server that answers as a test says, and remembers what it was asked. */
final class ScriptedServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();

  /** What answers a request. */
  @FunctionalInterface
  interface Script {
    Said answer(Asked request) throws Exception;
  }

  record Asked(String method, String path, Map<String, List<String>> headers, String body) {
    String header(String name) {
      return headers.getOrDefault(name, List.of("")).getFirst();
    }

    JsonNode json() {
      return JsonLines.parse(body).orElseThrow();
    }

    boolean is(String wanted) {
      return wanted.equals(method + " " + path);
    }
  }

  /** A reply; status 0: the connection is closed without one. */
  record Said(int status, String body, Map<String, String> headers) {
    static Said json(int status, String body) {
      return new Said(status, body, Map.of("Content-Type", "application/json"));
    }

    static Said error(int status, String type, String message) {
      return json(status, error(type, message));
    }

    static String error(String type, String message) {
      return "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"param\":null,\"code\":null}}"
          .formatted(message, type);
    }

    static Said full() {
      return new Said(503, error("server_error", "No room."), Map.of("Retry-After", "0"));
    }

    static Said events(String text) {
      return new Said(200, text, Map.of("Content-Type", "text/event-stream"));
    }

    static Said nothing() {
      return new Said(0, "", Map.of());
    }
  }

  ScriptedServer(Script script) {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", exchange -> answer(exchange, script));
    server.start();
  }

  private void answer(HttpExchange exchange, Script script) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      var request =
          new Asked(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toString(),
              Map.copyOf(exchange.getRequestHeaders()),
              body);
      asked.add(request);
      Said said;
      try {
        said = script.answer(request);
      } catch (Exception e) {
        said = Said.error(500, "server_error", "the test's script: " + e);
      }
      if (said.status() == 0) {
        return;
      }
      said.headers().forEach(exchange.getResponseHeaders()::set);
      byte[] bytes = said.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(said.status(), bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The requests so far, in order. */
  List<Asked> asked() {
    return asked;
  }

  /** A task as the server describes it. */
  static String task(String id, String status) {
    return """
    {"id":"%s","object":"task","type":"ping","status":"%s","priority":5,"attempts":1,\
    "max_attempts":3,"created_at":1795330805.650,"metadata":{}}\
    """
        .formatted(id, status);
  }

  /** Accepts whatever is submitted, with ids counted from t1. */
  static final class Acceptor {
    private int accepted;

    synchronized Said accept(Asked request) {
      JsonNode body = request.json();
      if (!body.isArray()) {
        return Said.json(202, task("t" + ++accepted, "pending"));
      }
      var data = new StringBuilder();
      for (int i = 0; i < body.size(); i++) {
        data.append(i == 0 ? "" : ",").append(task("t" + ++accepted, "pending"));
      }
      return Said.json(202, "{\"object\":\"list\",\"data\":[" + data + "]}");
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
