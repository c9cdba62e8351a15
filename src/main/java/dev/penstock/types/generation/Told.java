package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskHandler.Control;
import dev.penstock.task.TaskOutput;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run has told: the tokens of each answer, and how many pieces. It is what the next run goes
 * on from. For one thread at a time.
 */
final class Told {
  /** In place of one that is too long: the next run begins anew. */
  static final byte[] NOTHING = {};

  private static final int FORM = 1;

  /** The bytes of a token's id but for its last have this bit. */
  private static final int MORE = 0x80;

  private static final int BITS = 7;

  /** Made by whom: see {@link dev.penstock.engine.Generator#resumes}. */
  private final String by;

  private final List<Choice> choices = new ArrayList<>();
  private long emitted;

  private static final class Choice {
    int pieces;
    int[] ids = new int[16];
    int count;

    void add(int id) {
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count] = id;
      count++;
    }
  }

  Told(String by, int count) {
    this.by = by;
    for (int i = 0; i < count; i++) {
      choices.add(new Choice());
    }
  }

  /** A piece of a generator's, which became so many of the task's. */
  void add(int choice, int[] ids, int pieces) {
    Choice told = choices.get(choice);
    told.pieces++;
    for (int id : ids) {
      told.add(id);
    }
    emitted += pieces;
  }

  /** How many pieces of the task's there were. */
  long emitted() {
    return emitted;
  }

  /** How many pieces of a generator's there were, by choice. */
  int[] pieces() {
    return choices.stream().mapToInt(choice -> choice.pieces).toArray();
  }

  /** Empty where there are no tokens. */
  List<int[]> ids() {
    return choices.stream().allMatch(choice -> choice.count == 0)
        ? List.of()
        : choices.stream().map(choice -> Arrays.copyOf(choice.ids, choice.count)).toList();
  }

  /**
   * Takes over what listeners have beyond the checkpoint.
   *
   * @return how many pieces of it; the rest cannot be gone on from
   */
  int takeOver(List<TaskOutput> heard) {
    int taken = 0;
    for (TaskOutput piece : heard) {
      JsonNode read;
      try {
        read = StrictJson.parse(piece.bytes());
      } catch (InvalidInput e) {
        return taken;
      }
      int choice = read.path("choice").asInt(-1);
      JsonNode ids = read.path("ids");
      if (choice < 0 || choice >= choices.size() || ids.isEmpty()) {
        return taken;
      }
      int[] known = new int[ids.size()];
      Arrays.setAll(known, i -> ids.get(i).asInt());
      add(choice, known, 1);
      taken++;
    }
    return taken;
  }

  /** As a checkpoint. */
  byte[] toBytes() {
    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      out.writeByte(FORM);
      out.writeUTF(by);
      out.writeLong(emitted);
      out.writeShort(choices.size());
      for (Choice choice : choices) {
        out.writeInt(choice.pieces);
        out.writeInt(choice.count);
        for (int i = 0; i < choice.count; i++) {
          int rest = choice.ids[i];
          while (rest >>> BITS != 0) {
            out.writeByte(rest | MORE);
            rest >>>= BITS;
          }
          out.writeByte(rest);
        }
        if (bytes.size() > Control.MAX_CHECKPOINT) {
          return NOTHING;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.size() > Control.MAX_CHECKPOINT ? NOTHING : bytes.toByteArray();
  }

  /**
   * What an earlier run has told, as far as this one can go on from it; null: it begins anew.
   *
   * @param by whom this run's tokens are made by
   */
  static @Nullable Told of(byte @Nullable [] checkpoint, String by, int count) {
    if (checkpoint == null || checkpoint.length == 0) {
      return null;
    }
    try (var in = new DataInputStream(new ByteArrayInputStream(checkpoint))) {
      if (in.readByte() != FORM || !in.readUTF().equals(by)) {
        return null;
      }
      var told = new Told(by, count);
      told.emitted = in.readLong();
      if (in.readShort() != count) {
        return null;
      }
      for (Choice choice : told.choices) {
        choice.pieces = in.readInt();
        int ids = in.readInt();
        for (int i = 0; i < ids; i++) {
          choice.add(id(in));
        }
      }
      return told;
    } catch (IOException e) {
      return null; // of another version
    }
  }

  private static int id(DataInputStream in) throws IOException {
    int id = 0;
    int shift = 0;
    int next = MORE;
    while ((next & MORE) != 0) {
      next = in.readUnsignedByte();
      id |= (next & ~MORE) << shift;
      shift += BITS;
    }
    return id;
  }
}
