package dev.penstock.types;

/** The JSON Schemas (2020-12) of the built-in task types. */
public final class Schemas {
  public static final String EMBEDDING_INPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Texts to embed",
        "anyOf": [
          {"$ref": "#/$defs/texts"},
          {
            "type": "object",
            "required": ["input"],
            "properties": {
              "input": {"anyOf": [{"$ref": "#/$defs/texts"}, {"$ref": "#/$defs/tokens"}]},
              "dimensions": {"type": ["integer", "null"], "minimum": 1},
              "encoding_format": {"enum": ["float", "base64", null]},
              "truncate": {"enum": ["error", "end", null]},
              "input_type": {"type": ["string", "null"]}
            },
            "additionalProperties": false
          }
        ],
        "$defs": {
          "text": {"type": "string", "minLength": 1},
          "texts": {
            "anyOf": [
              {"$ref": "#/$defs/text"},
              {
                "type": "array",
                "items": {"$ref": "#/$defs/text"},
                "minItems": 1,
                "maxItems": 2048
              }
            ]
          },
          "ids": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0},
            "minItems": 1,
            "maxItems": 300000
          },
          "tokens": {
            "anyOf": [
              {"$ref": "#/$defs/ids"},
              {
                "type": "array",
                "items": {"$ref": "#/$defs/ids"},
                "minItems": 1,
                "maxItems": 2048
              }
            ]
          }
        }
      }
      """;

  public static final String EMBEDDING_OUTPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Embeddings, as POST /v1/embeddings answers",
        "type": "object",
        "required": ["object", "data", "model", "usage"],
        "properties": {
          "object": {"const": "list"},
          "data": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["object", "index", "embedding"],
              "properties": {
                "object": {"const": "embedding"},
                "index": {"type": "integer", "minimum": 0},
                "embedding": {
                  "anyOf": [
                    {"type": "array", "items": {"type": "number"}},
                    {"type": "string", "contentEncoding": "base64"}
                  ]
                }
              }
            }
          },
          "model": {"type": "string"},
          "usage": {
            "type": "object",
            "required": ["prompt_tokens", "total_tokens"],
            "properties": {
              "prompt_tokens": {"type": "integer", "minimum": 0},
              "total_tokens": {"type": "integer", "minimum": 0}
            }
          }
        }
      }
      """;

  public static final String PING_INPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ping: does nothing, in ways one may ask for",
        "type": "object",
        "properties": {
          "n": {"type": "integer"},
          "sleep_ms": {"type": "integer", "minimum": 0, "maximum": 600000},
          "steps": {"type": "integer", "minimum": 1, "maximum": 1000},
          "fail_times": {"type": "integer", "minimum": 0},
          "crash": {"type": "boolean"}
        },
        "additionalProperties": true
      }
      """;

  public static final String PING_OUTPUT =
      """
      {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What was sent, and who answered",
        "type": "object",
        "required": ["echo", "worker"],
        "properties": {
          "echo": {"type": "object"},
          "worker": {"type": "string"}
        },
        "additionalProperties": false
      }
      """;

  private Schemas() {}
}
