package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.Fields;
import dev.penstock.json.JsonMappers;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskHandler.Control;
import dev.penstock.task.TaskId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Pieces that a run emits, or its question for those of earlier runs; and the reply.
 *
 * @param run which of the task's runs, as its lease says
 * @param resumed whether it goes on from where an earlier run was
 * @param offset the number of the first piece
 * @param pieces one JSON value each, byte for byte
 * @param end whether the run emits no more, and is about to bring the result
 * @param heardFrom the number of the first piece of earlier runs that it asks for; null: it asks
 *     for none
 */
public record PiecesRequest(
    String worker,
    TaskId id,
    String token,
    long run,
    boolean resumed,
    long offset,
    List<byte[]> pieces,
    boolean end,
    @Nullable Long heardFrom) {
  private static final String PIECES = "pieces";
  private static final String HEARD_FROM = "heard_from";
  private static final String HEARD = "heard";
  private static final byte[] NULL = "null".getBytes(StandardCharsets.UTF_8);
  private static final Set<String> KNOWN =
      Set.of("worker", "id", "token", "run", "resumed", "offset", PIECES, "end", HEARD_FROM);

  public PiecesRequest {
    pieces = List.copyOf(pieces);
  }

  public byte[] write() {
    return StrictJson.object(json -> {
      json.writeStringField("worker", worker);
      json.writeStringField("id", id.value());
      json.writeStringField("token", token);
      json.writeNumberField("run", run);
      if (heardFrom != null) {
        json.writeNumberField(HEARD_FROM, heardFrom);
        return;
      }
      if (resumed) {
        json.writeBooleanField("resumed", true);
      }
      json.writeNumberField("offset", offset);
      write(json, PIECES, pieces);
      if (end) {
        json.writeBooleanField("end", true);
      }
    });
  }

  private static void write(JsonGenerator json, String name, List<byte[]> pieces)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (byte[] piece : pieces) {
      json.writeRawValue(new String(piece, StandardCharsets.UTF_8));
    }
    json.writeEndArray();
  }

  public static PiecesRequest read(byte[] bytes) {
    StrictJson.Apart body = StrictJson.apart(StrictJson.mendedUtf8(bytes), PIECES);
    Fields fields = Fields.of(StrictJson.mended(body.rest()));
    fields.only(KNOWN);
    Long heardFrom =
        fields.value(HEARD_FROM) == null ? null : Long.valueOf(Members.count(fields, HEARD_FROM));
    return new PiecesRequest(
        Members.worker(fields),
        Members.id(fields),
        Members.token(fields),
        Math.max(1, Members.count(fields, "run")),
        Members.flag(fields, "resumed"),
        Members.count(fields, "offset"),
        pieces(fields, body.member()),
        Members.flag(fields, "end"),
        heardFrom);
  }

  private static List<byte[]> pieces(Fields fields, byte[] array) {
    if (array.length == 0 || Arrays.equals(array, NULL)) {
      return List.of();
    }
    List<byte[]> pieces;
    try {
      pieces = StrictJson.elements(array);
    } catch (InvalidInput e) {
      throw fields.bad(PIECES, "must be a list of JSON values");
    }
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i).length > Control.MAX_PIECE) {
        throw fields.bad(
            PIECES + "[" + i + "]", "may have at most " + Control.MAX_PIECE + " bytes");
      }
    }
    return pieces;
  }

  /** Whether a piece is one JSON value: another would break the message that it is in. */
  public static boolean valid(byte[] piece) {
    try {
      return !JsonMappers.WHOLE.readTree(piece).isMissingNode();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Writes the reply.
   *
   * @param heard null: nothing was asked
   */
  public static void writeReply(JsonGenerator json, TaskId id, @Nullable List<byte[]> heard)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("id", id.value());
    if (heard == null) {
      json.writeStringField("status", "taken");
    } else {
      write(json, HEARD, heard);
    }
    json.writeEndObject();
  }

  /** The earlier pieces in a reply. */
  public static List<byte[]> readHeard(byte[] body) throws IOException {
    try {
      byte[] array = StrictJson.apart(body, HEARD).member();
      return array.length == 0 ? List.of() : StrictJson.elements(array);
    } catch (InvalidInput e) {
      throw new IOException("an answer that makes no sense: " + e.getMessage(), e);
    }
  }
}
