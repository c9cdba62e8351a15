package dev.penstock.types.ping;

import dev.penstock.task.TaskHandler;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.SchemaType;

/** The task type ping. */
public final class PingType extends SchemaType {
  static final String NAME = "ping";

  static final String INPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ping: does nothing, in ways one may ask for",
        "type": "object",
        "properties": {
          "n": {"type": "integer", "minimum": -9223372036854775807, "maximum": 9223372036854775806},
          "sleep_ms": {"type": "integer", "minimum": 0, "maximum": 600000},
          "steps": {"type": "integer", "minimum": 1, "maximum": 1000},
          "emit": {"type": "integer", "minimum": 0, "maximum": 100000},
          "fail_times": {"type": "integer", "minimum": 0, "maximum": 2147483647},
          "children": {"type": "integer", "minimum": 1, "maximum": 1000000},
          "window": {"type": "integer", "minimum": 1, "maximum": 1024},
          "crash": {"type": "boolean"},
          "subprocess": {"type": "boolean"}
        },
        "additionalProperties": true
      }
      """;

  static final String OUTPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What was sent, and who answered",
        "type": "object",
        "required": ["echo", "worker"],
        "properties": {
          "echo": {"type": "object"},
          "worker": {"type": "string"},
          "children": {
            "type": "object",
            "properties": {"completed": {"type": "integer"}, "failed": {"type": "integer"}}
          }
        },
        "additionalProperties": false
      }
      """;

  public PingType() {
    super(NAME, INPUT, OUTPUT);
  }

  @Override
  public Class<?> settings() {
    return PingSettings.class;
  }

  /** One that can be watched. */
  @Override
  public String example() {
    return "{\"sleep_ms\": 5000, \"steps\": 10}";
  }

  @Override
  public TaskHandler handler(HandlerParts parts) {
    return new PingHandler(
        parts.worker(),
        parts.settings().group(PingSettings.class).allowCrash(),
        new PingApart(parts.children()));
  }
}
