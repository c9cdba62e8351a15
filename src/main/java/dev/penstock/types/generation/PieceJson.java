package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.engine.GenerationPiece;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskHandler.Control;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pieces of answers as tasks emit them: one JSON object each. */
final class PieceJson {
  /** Six bytes a character at most, and the rest of the piece. */
  private static final int SLICE = 8_000;

  /** Of the likeliest tokens, with all that may be said of each. */
  private static final int LOGPROBS = 8;

  private PieceJson() {}

  /** As one, or as several where one would be too long to be emitted. */
  static List<byte[]> write(GenerationPiece piece) {
    byte[] whole = one(piece);
    if (whole.length <= Control.MAX_PIECE) {
      return List.of(whole);
    }
    var parts = new ArrayList<byte[]>();
    var first = new GenerationPiece(piece.choice(), piece.ids(), "", "", null, null);
    parts.add(one(first));
    for (String some : slices(piece.reasoning())) {
      parts.add(one(new GenerationPiece(piece.choice(), new int[0], "", some, null, null)));
    }
    for (String some : slices(piece.content())) {
      parts.add(one(GenerationPiece.text(piece.choice(), new int[0], some)));
    }
    for (ArrayNode some : calls(piece.toolCalls())) {
      parts.add(one(new GenerationPiece(piece.choice(), new int[0], "", "", some, null)));
    }
    for (ArrayNode some : several(piece.logprobs())) {
      parts.add(one(new GenerationPiece(piece.choice(), new int[0], "", "", null, some)));
    }
    parts.removeIf(part -> part.length > Control.MAX_PIECE); // the result has it
    return parts;
  }

  private static byte[] one(GenerationPiece piece) {
    return StrictJson.object(json -> {
      json.writeNumberField("choice", piece.choice());
      json.writeFieldName("ids");
      json.writeArray(piece.ids(), 0, piece.ids().length);
      json.writeStringField("content", StrictJson.whole(piece.content()));
      if (!piece.reasoning().isEmpty()) {
        json.writeStringField("reasoning", StrictJson.whole(piece.reasoning()));
      }
      if (piece.toolCalls() != null) {
        json.writeFieldName("tool_calls");
        json.writeTree(piece.toolCalls());
      }
      if (piece.logprobs() != null) {
        json.writeFieldName("logprobs");
        json.writeTree(piece.logprobs());
      }
    });
  }

  /** No character is cut in two. */
  static List<String> slices(String text) {
    var slices = new ArrayList<String>();
    int from = 0;
    while (from < text.length()) {
      int to = Math.min(text.length(), from + SLICE);
      if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
        to--;
      }
      slices.add(text.substring(from, to));
      from = to;
    }
    return slices;
  }

  private static List<ArrayNode> calls(@Nullable ArrayNode deltas) {
    var parts = new ArrayList<ArrayNode>();
    for (JsonNode delta : deltas == null ? StrictJson.nodes().arrayNode() : deltas) {
      ObjectNode head = delta.deepCopy();
      String arguments = delta.path("function").path("arguments").asText("");
      if (head.get("function") instanceof ObjectNode function && function.has("arguments")) {
        function.put("arguments", "");
      }
      parts.add(StrictJson.nodes().arrayNode().add(head));
      for (String some : slices(arguments)) {
        ArrayNode part = StrictJson.nodes().arrayNode();
        part.addObject()
            .put("index", delta.path("index").asInt())
            .putObject("function")
            .put("arguments", some);
        parts.add(part);
      }
    }
    return parts;
  }

  private static List<ArrayNode> several(@Nullable ArrayNode tokens) {
    var parts = new ArrayList<ArrayNode>();
    for (int i = 0; tokens != null && i < tokens.size(); i++) {
      if (i % LOGPROBS == 0) {
        parts.add(StrictJson.nodes().arrayNode());
      }
      parts.getLast().add(tokens.get(i));
    }
    return parts;
  }
}
