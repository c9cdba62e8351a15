package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ContainerLimitTest {
  private static final long MIB = 1L << 20;

  @TempDir Path root;

  private void write(String file, String text) throws Exception {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text + "\n");
  }

  @Test
  void theLimitOfTheOnlyGroupIsItsOwn() throws Exception {
    write("proc/self/cgroup", "0::/");
    write("sys/fs/cgroup/memory.max", Long.toString(384 * MIB));
    assertThat(ContainerLimit.read(root)).hasValue(384 * MIB);
  }

  @Test
  void theSmallestLimitOfTheGroupsAroundItCounts() throws Exception {
    write("proc/self/cgroup", "0::/user.slice/app.service");
    write("sys/fs/cgroup/user.slice/app.service/memory.max", Long.toString(900 * MIB));
    write("sys/fs/cgroup/user.slice/memory.max", Long.toString(700 * MIB));
    assertThat(ContainerLimit.read(root)).hasValue(700 * MIB);
    write("sys/fs/cgroup/user.slice/app.service/memory.max", Long.toString(512 * MIB));
    assertThat(ContainerLimit.read(root)).hasValue(512 * MIB);
    write("sys/fs/cgroup/user.slice/app.service/memory.max", "max");
    assertThat(ContainerLimit.read(root)).hasValue(700 * MIB);
  }

  @Test
  void theFirstVersionHasItsOwnFiles() throws Exception {
    write("proc/self/cgroup", "9:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/");
    write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", Long.toString(384 * MIB));
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
    assertThat(ContainerLimit.read(root)).hasValue(384 * MIB);
  }

  /** Within a container the path may be that of the machine outside. */
  @Test
  void aGroupThatIsNotToBeSeenIsTheOutermostOne() throws Exception {
    write("proc/self/cgroup", "4:memory:/docker/abc\n0::/../../docker/abc");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", Long.toString(512 * MIB));
    assertThat(ContainerLimit.read(root)).hasValue(512 * MIB);
  }

  @Test
  void withoutAContainerThereIsNoLimit() throws Exception {
    assertThat(ContainerLimit.read(root)).isEmpty();
    write("proc/self/cgroup", "4:memory:/\nnonsense\n0::/");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
    write("sys/fs/cgroup/memory.max", "max");
    assertThat(ContainerLimit.read(root)).isEmpty();
  }
}
