package dev.penstock.types.embedding;

/** The JSON Schemas (2020-12) of the task type embedding. */
final class EmbeddingSchemas {
  static final String INPUT =
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
              "truncate": {
                "enum": ["error", "end", "start", "none", "ERROR", "END", "START", "NONE", true, false, null]
              },
              "input_type": {"enum": ["query", "document", "passage", null]}
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

  static final String OUTPUT =
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

  private EmbeddingSchemas() {}
}
