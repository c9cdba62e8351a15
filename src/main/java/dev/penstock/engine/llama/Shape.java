package dev.penstock.engine.llama;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** How C functions are called: one interface for each list of parameters. */
final class Shape {
  private Shape() {}

  public interface Nothing {
    void call();
  }

  public interface Done {
    void with(MemorySegment pointer);
  }

  public interface WholeNumber {
    int of(MemorySegment pointer);
  }

  public interface LongNumber {
    long of(MemorySegment pointer);
  }

  public interface Truth {
    boolean of(MemorySegment pointer);
  }

  public interface Pointer {
    MemorySegment of(MemorySegment pointer);
  }

  public interface TwoPointers {
    MemorySegment of(MemorySegment first, MemorySegment second);
  }

  public interface TwoDone {
    void with(MemorySegment first, MemorySegment second);
  }

  public interface NumberTruth {
    boolean of(MemorySegment pointer, int number);
  }

  public interface NumberPointer {
    MemorySegment of(MemorySegment pointer, int number);
  }

  /** Writes a text into a buffer and says how long it is, or would be. */
  public interface Written {
    int into(MemorySegment model, MemorySegment buffer, long room);
  }

  public interface WrittenOf {
    int into(MemorySegment model, MemorySegment key, MemorySegment buffer, long room);
  }

  public interface Tokenise {
    int of(
        MemorySegment vocabulary,
        MemorySegment text,
        int length,
        MemorySegment tokens,
        int room,
        boolean addSpecial,
        boolean parseSpecial);
  }

  public interface Piece {
    int of(
        MemorySegment vocabulary,
        int token,
        MemorySegment buffer,
        int room,
        int strip,
        boolean special);
  }

  public interface Remove {
    boolean of(MemorySegment memory, int sequence, int from, int to);
  }

  public interface Copy {
    void of(MemorySegment memory, int source, int target, int from, int to);
  }

  public interface SetVariable {
    int of(MemorySegment name, MemorySegment value, int overwrite);
  }

  /** Returns a struct, in memory of that allocator. */
  public interface Struct {
    MemorySegment in(SegmentAllocator allocator);
  }

  /** Takes a struct by value. */
  public interface OfStruct {
    MemorySegment of(MemorySegment pointer, MemorySegment struct);
  }

  /** Takes a struct by value. */
  public interface NumberOfStruct {
    int of(MemorySegment pointer, MemorySegment struct);
  }
}
