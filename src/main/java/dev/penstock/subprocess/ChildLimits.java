package dev.penstock.subprocess;

import java.time.Duration;

/**
 * What a child process may take; it is killed where it takes more.
 *
 * @param heapMib its heap, in MiB
 * @param directMib its direct buffers, in MiB. What native code allocates by itself has no limit
 * @param request bytes of a request
 * @param answer bytes of an answer
 * @param printed bytes that it prints from one call to the next
 * @param start until it is ready for its first request
 * @param idle unused for so long it is ended
 */
public record ChildLimits(
    int heapMib,
    int directMib,
    int request,
    int answer,
    long printed,
    Duration start,
    Duration idle) {
  private static final int MIB = 1 << 20;

  /** With an eighth of the heap for a request, and for an answer; ended after an idle minute. */
  public static ChildLimits ofHeap(int heapMib) {
    int message = heapMib * MIB / 8;
    return new ChildLimits(
        heapMib, 16, message, message, 16 * MIB, Duration.ofSeconds(30), Duration.ofMinutes(1));
  }
}
