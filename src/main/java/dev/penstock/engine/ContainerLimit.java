package dev.penstock.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/**
 * The memory that the container allows this process: the kernel kills who takes more. Read from
 * cgroups, version 1 or 2; the smallest limit counts, of the process's own group and of those it is
 * in.
 */
final class ContainerLimit {
  /** Groups without a limit have one of about this much in version 1. */
  private static final long NONE = 1L << 60;

  private ContainerLimit() {}

  /**
   * Empty: there is none, or no cgroups are.
   *
   * @param root where {@code proc} and {@code sys} are
   */
  static OptionalLong read(Path root) {
    try {
      return Files.readAllLines(root.resolve("proc/self/cgroup")).stream()
          .map(line -> line.split(":", 3))
          .filter(fields -> fields.length == 3)
          .flatMapToLong(fields -> {
            if (fields[1].isEmpty()) {
              return limits(root.resolve("sys/fs/cgroup"), fields[2], "memory.max");
            }
            return List.of(fields[1].split(",")).contains("memory")
                ? limits(root.resolve("sys/fs/cgroup/memory"), fields[2], "memory.limit_in_bytes")
                : LongStream.empty();
          })
          .filter(bytes -> bytes < NONE)
          .min();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** Of the group and those above it. Within a container only the outermost may be there. */
  private static LongStream limits(Path top, String group, String file) {
    LongStream.Builder found = LongStream.builder();
    Path folder = top.resolve(group.replaceFirst("^/+", "")).normalize();
    for (Path each = folder; each != null && each.startsWith(top); each = each.getParent()) {
      limit(each.resolve(file)).ifPresent(found::add);
    }
    return found.build();
  }

  private static OptionalLong limit(Path file) {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty(); // "max", or the group is not to be seen from here
    }
  }
}
