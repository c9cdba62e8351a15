package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.base.Backoff;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One answer of a chat, read as it comes. A connection that breaks is taken up again where it was,
 * as long as the server knows the answer as a task.
 */
final class ChatAnswer {
  private static final String PATH = "/v1/chat/completions";

  /** Three times as long as the server is silent at most. */
  private static final Duration SILENCE = Duration.ofSeconds(45);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final String DONE = "[DONE]";
  private static final int NOT_NOW = 429;

  private final Client client;
  private final AnswerScreen screen;
  private final StringBuilder text = new StringBuilder();
  private final long asked = System.nanoTime();
  private long first;
  private @Nullable String task;
  private @Nullable String last;
  private @Nullable String reason;
  private JsonNode usage = JsonLines.object();

  ChatAnswer(Client client, AnswerScreen screen) {
    this.client = client;
    this.screen = screen;
  }

  /** What has come of it. */
  String text() {
    return text.toString();
  }

  /** Asks, and prints the answer to its end. An interrupt stops it. */
  void follow(ObjectNode request) throws Failure, InterruptedException {
    Client.Stream stream = client.stream(PATH, request);
    task = stream.task();
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    Deadline limit = Deadline.in(client.retryFor());
    InputStream in = stream.stream();
    while (in == null || !read(in)) {
      String before = last;
      in = reopen();
      if (in != null && last != null && !last.equals(before)) {
        backoff.reset();
        limit = Deadline.in(client.retryFor());
      }
      if (in == null) {
        if (limit.over()) {
          throw broken();
        }
        limit.sleep(backoff.pause());
      }
    }
  }

  private static Failure broken() {
    return new Failure(ExitCode.UNAVAILABLE, "the answer broke off");
  }

  /** Null: not now. */
  private @Nullable InputStream reopen() throws Failure, InterruptedException {
    if (task == null) {
      throw broken();
    }
    String path = PATH + "/" + URLEncoder.encode(task, StandardCharsets.UTF_8) + "?stream=true";
    return switch (client.open(path, last)) {
      case Client.Opened.Events(var stream) -> stream;
      case Client.Opened.Refused(int status) when status < NOT_NOW -> throw broken();
      case Client.Opened.Refused _, Client.Opened.Lost _ -> null;
    };
  }

  /** Whether it has come to the answer's end. */
  private boolean read(InputStream stream) throws Failure, InterruptedException {
    try (var events = new EventStream(stream)) {
      while (true) {
        switch (events.next(SILENCE).orElseGet(EventStream.End::new)) {
          case EventStream.KeepAlive _ -> {}
          case EventStream.End _ -> {
            return false;
          }
          case EventStream.Event event -> {
            if (event.data().equals(DONE)) {
              return true;
            }
            take(event);
          }
        }
      }
    }
  }

  private void take(EventStream.Event event) throws Failure {
    if (!event.id().isEmpty()) {
      last = event.id();
    }
    Optional<JsonNode> data = JsonLines.parse(event.data());
    if (data.isEmpty()) {
      return;
    }
    if (data.get().has("error")) {
      screen.end();
      throw new Failure(
          ExitCode.TASK_FAILED,
          "the answer broke off: " + AnswerScreen.safe(data.get().at("/error/message").asText()));
    }
    JsonNode choice = data.get().at("/choices/0");
    screen.reasoning(word(choice.at("/delta/reasoning_content")));
    String content = word(choice.at("/delta/content"));
    if (!content.isEmpty()) {
      first = first == 0 ? System.nanoTime() : first;
      text.append(content);
      screen.content(content);
    }
    reason =
        choice.path("finish_reason").isTextual() ? choice.path("finish_reason").asText() : reason;
    usage = data.get().path("usage").isObject() ? data.get().path("usage") : usage;
  }

  private static String word(JsonNode node) {
    return node.isTextual() ? node.textValue() : "";
  }

  /** Tells how much it took, or why it is shorter than it would be. */
  void tell(boolean verbose) {
    if (verbose) {
      screen.took(
          usage.path("prompt_tokens").asInt(),
          usage.path("completion_tokens").asInt(),
          first == 0 ? 0 : first - asked,
          System.nanoTime() - asked,
          reason);
    } else if ("length".equals(reason)) {
      screen.cut();
    }
  }
}
