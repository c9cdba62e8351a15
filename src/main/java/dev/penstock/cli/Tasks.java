package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Tasks as the server describes them. */
final class Tasks {
  private Tasks() {}

  static String id(JsonNode task) {
    return task.path("id").asText();
  }

  static String status(JsonNode task) {
    return task.path("status").asText();
  }

  static boolean ended(JsonNode task) {
    return switch (status(task)) {
      case "completed", "failed", "cancelled" -> true;
      default -> false;
    };
  }

  /** The exit code an ended task stands for. */
  static int exitCode(JsonNode task) {
    return status(task).equals("completed") ? ExitCode.OK : ExitCode.TASK_FAILED;
  }

  /** The task without its result, which may be megabytes of numbers. */
  static JsonNode withoutResult(JsonNode task) {
    if (!(task instanceof ObjectNode members) || !members.has("result")) {
      return task;
    }
    ObjectNode copy = JsonLines.object();
    members.properties().stream()
        .filter(member -> !member.getKey().equals("result"))
        .forEach(member -> copy.set(member.getKey(), member.getValue()));
    return copy;
  }
}
