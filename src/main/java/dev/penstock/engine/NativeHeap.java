package dev.penstock.engine;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of native libraries. glibc keeps what they free, in an arena for each thread, until
 * somebody asks it to give that back to the system; other C libraries need not be asked.
 */
final class NativeHeap {
  private static final Logger LOG = LoggerFactory.getLogger(NativeHeap.class);

  private NativeHeap() {}

  /** Gives back what is free. Takes some milliseconds. */
  static void giveBack() {
    MethodHandle trim = Trim.HANDLE;
    if (trim != null) {
      try {
        int _ = (int) trim.invokeExact(0L);
      } catch (Throwable e) {
        LOG.debug("malloc_trim cannot be called", e);
      }
    }
  }

  private static final class Trim {
    static final @Nullable MethodHandle HANDLE = find();

    @SuppressWarnings("restricted") // of a function that takes a number and returns one
    private static @Nullable MethodHandle find() {
      Linker linker = Linker.nativeLinker();
      Optional<MemorySegment> function = linker.defaultLookup().find("malloc_trim");
      return function.isEmpty()
          ? null
          : linker.downcallHandle(
              function.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    }
  }
}
