package dev.penstock.engine.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/**
 * A struct of parameters, which changes from release to release and travels by value. It starts
 * from the library's defaults, of which those of the known release are recognised: a few numbers at
 * their offsets, and how many bytes are written at all. So no field of another release is ever set.
 */
final class Params {
  /** Longer than the struct of any release: those that travel do so by a pointer, or last. */
  static final StructLayout LAYOUT =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(64, ValueLayout.JAVA_LONG));

  private static final byte UNWRITTEN = 0x5a;

  private final MemorySegment struct;

  private Params(MemorySegment struct) {
    this.struct = struct;
  }

  /**
   * The defaults.
   *
   * @param length bytes up to the last field of the known release
   * @param known numbers of the known release, by offset
   * @throws LlamaFailure when these are another release's
   */
  static Params defaults(
      Arena arena, Shape.Struct source, String name, int length, Map<Integer, Integer> known)
      throws LlamaFailure {
    MemorySegment struct = arena.allocate(LAYOUT).fill(UNWRITTEN);
    MemorySegment returned = source.in((_, _) -> struct);
    int written = (int) returned.byteSize();
    while (written > 0 && returned.get(ValueLayout.JAVA_BYTE, written - 1) == UNWRITTEN) {
      written--;
    }
    for (var field : known.entrySet()) {
      int found = returned.get(ValueLayout.JAVA_INT, field.getKey());
      if (written != length || found != field.getValue()) {
        throw new LlamaFailure(
            "the library is of another release: %s has %d bytes, and %d at %d; %d bytes and %d are known"
                .formatted(name, written, found, field.getKey(), length, field.getValue()));
      }
    }
    return new Params(returned);
  }

  Params set(int offset, int value) {
    struct.set(ValueLayout.JAVA_INT, offset, value);
    return this;
  }

  Params set(int offset, MemorySegment value) {
    struct.set(ValueLayout.ADDRESS, offset, value);
    return this;
  }

  MemorySegment struct() {
    return struct;
  }
}
