package dev.penstock.bus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.bus.Event.PiecesEnd;
import dev.penstock.bus.Event.PiecesFound;
import dev.penstock.bus.Event.PiecesSought;
import dev.penstock.bus.Event.PiecesTold;
import dev.penstock.bus.Event.PiecesWanted;
import dev.penstock.task.TaskId;
import java.util.ArrayList;
import java.util.List;

/**
 * Events about pieces as {@link EventCodec} writes them. Each piece is a string that holds its
 * JSON, so that it arrives byte for byte.
 */
final class PiecesJson {
  private PiecesJson() {}

  static void write(ObjectNode json, PiecesWanted wanted) {
    json.put("node", wanted.node())
        .put("task", wanted.task().value())
        .put("run", wanted.run())
        .put("next", wanted.next())
        .put("credit", wanted.credit());
    if (wanted.again()) {
      json.put("again", true);
    }
  }

  static PiecesWanted wanted(JsonNode json) {
    return new PiecesWanted(
        json.path("node").asText(),
        task(json),
        json.path("run").asLong(),
        json.path("next").asLong(),
        json.path("credit").asLong(),
        json.path("again").asBoolean());
  }

  static void write(ObjectNode json, PiecesTold told) {
    json.put("node", told.node())
        .put("task", told.task().value())
        .put("run", told.run())
        .put("since", told.since())
        .put("first", told.first())
        .put("from", told.from());
    write(json, told.pieces());
    PiecesEnd end = told.end();
    if (end != null) {
      json.putObject("end").put("count", end.count()).put("done", end.done());
    }
  }

  static PiecesTold told(JsonNode json) {
    JsonNode end = json.path("end");
    return new PiecesTold(
        json.path("node").asText(),
        task(json),
        json.path("run").asLong(),
        json.path("since").asLong(),
        json.path("first").asLong(),
        json.path("from").asLong(),
        pieces(json),
        end.isObject()
            ? new PiecesEnd(end.path("count").asLong(-1), end.path("done").asBoolean())
            : null);
  }

  static void write(ObjectNode json, PiecesSought sought) {
    json.put("node", sought.node())
        .put("task", sought.task().value())
        .put("run", sought.run())
        .put("from", sought.from());
  }

  static PiecesSought sought(JsonNode json) {
    return new PiecesSought(
        json.path("node").asText(),
        task(json),
        json.path("run").asLong(),
        json.path("from").asLong());
  }

  static void write(ObjectNode json, PiecesFound found) {
    json.put("task", found.task().value()).put("run", found.run()).put("from", found.from());
    write(json, found.pieces());
  }

  static PiecesFound found(JsonNode json) {
    return new PiecesFound(
        task(json), json.path("run").asLong(), json.path("from").asLong(), pieces(json));
  }

  private static TaskId task(JsonNode json) {
    return new TaskId(json.path("task").asText());
  }

  private static void write(ObjectNode json, List<String> pieces) {
    ArrayNode array = json.putArray("pieces");
    pieces.forEach(array::add);
  }

  private static List<String> pieces(JsonNode json) {
    List<String> pieces = new ArrayList<>();
    json.path("pieces").forEach(piece -> pieces.add(piece.asText()));
    return pieces;
  }
}
