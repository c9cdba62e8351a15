package dev.penstock.types.generation;

/** The JSON Schemas (2020-12) of the task type generation. */
final class GenerationSchemas {
  static final String INPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a model is to go on from",
        "description": "A text is what a user says; so is 'prompt' with nothing beside it but 'metadata'. Else the body of POST /v1/chat/completions ('messages') or of POST /v1/completions ('prompt').",
        "anyOf": [
          {"type": "string", "minLength": 1},
          {
            "type": "object",
            "required": ["messages"],
            "properties": {
              "messages": {
                "type": "array",
                "minItems": 1,
                "maxItems": 10000,
                "items": {
                  "type": "object",
                  "required": ["role"],
                  "properties": {"role": {"enum": ["system", "developer", "user", "assistant", "tool"]}}
                }
              }
            }
          },
          {
            "type": "object",
            "required": ["prompt"],
            "properties": {
              "prompt": {
                "anyOf": [
                  {"type": "string", "minLength": 1},
                  {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "string", "minLength": 1}}
                ]
              }
            }
          }
        ]
      }
      """;

  static final String OUTPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers, as POST /v1/chat/completions and /v1/completions give them",
        "type": "object",
        "required": ["id", "object", "created", "model", "choices", "usage"],
        "properties": {
          "id": {"type": "string"},
          "object": {"enum": ["chat.completion", "text_completion"]},
          "created": {"type": "integer"},
          "model": {"type": "string"},
          "choices": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["index", "finish_reason"],
              "properties": {
                "index": {"type": "integer", "minimum": 0},
                "message": {"type": "object"},
                "text": {"type": "string"},
                "logprobs": {"type": ["object", "null"]},
                "finish_reason": {"enum": ["stop", "length", "tool_calls", "content_filter"]}
              }
            }
          },
          "usage": {"type": "object"},
          "backend": {"type": "string"}
        }
      }
      """;

  private GenerationSchemas() {}
}
