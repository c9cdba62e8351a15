package dev.penstock.start;

import dev.penstock.base.Version;
import dev.penstock.core.Part;
import dev.penstock.engine.EngineStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What a start prints: where it is, the key, and a command to paste. */
final class Banner {
  private Banner() {}

  static String of(Node node, List<EngineStatus> models, Duration took)
      throws InterruptedException {
    String uri = node.uri().toString();
    var text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%nPenstock %s is at %s (%.1f s)%n",
            Version.current(),
            uri,
            took.toMillis() / 1000.0));
    for (Part part : node.troubles()) {
      line(text, "not", "ready: " + part.name() + ": " + part.message());
    }
    if (models.isEmpty()) {
      line(text, "model", "the default one is served elsewhere");
    }
    models.forEach(model -> line(text, "model", model(model)));
    if (!node.takesRequests()) {
      line(text, "role", "runs tasks that other nodes take; here are no page and no API");
      line(text, "health", uri + "/health/ready");
      return text.append(System.lineSeparator()).toString();
    }
    line(text, "page", uri + "/   log in with the key");
    line(text, "docs", uri + "/docs");
    line(text, "key", key(node));
    if (node.keyless()) {
      line(text, "", "none is needed by programs on this machine (auth.none)");
    }
    String header = "-H \"Authorization: Bearer %s\" ".formatted(bearer(node));
    line(
        text,
        "try",
        "curl -s %s/v1/embeddings %s-H 'Content-Type: application/json' -d '{\"input\":\"Water flows downhill\"}'"
            .formatted(uri, node.keyless() ? "" : header));
    return text.append(System.lineSeparator()).toString();
  }

  private static String model(EngineStatus model) {
    return model.state() == EngineStatus.State.READY
        ? model.model() + " on " + model.device()
        : model.model() + " could not be opened: " + model.message();
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(String.format(Locale.ROOT, "  %-6s %s%n", name, value));
  }

  /** A generated key is shown once, when it is new; later only where it is kept. */
  private static String key(Node node) {
    return node.keys()
        .newlyGenerated()
        .map(key -> key + "   new, kept in " + keyFile(node))
        .or(() -> node.keys().keyFile().map(file -> "in " + file))
        .map(
            key -> node.shares() ? key + "; works at this node alone: set AUTH_TOKEN for all" : key)
        .orElse("the one set as auth.token (AUTH_TOKEN)");
  }

  private static String bearer(Node node) {
    return node.keys().keyFile().map(file -> "$(cat " + quoted(file) + ")").orElse("$AUTH_TOKEN");
  }

  private static String quoted(Path file) {
    String path = file.toString();
    return path.matches("[A-Za-z0-9._/-]+") ? path : "'" + path.replace("'", "'\\''") + "'";
  }

  private static String keyFile(Node node) {
    return node.keys().keyFile().map(Path::toString).orElse("nowhere");
  }
}
