package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DataFolderTest {
  @TempDir Path folder;

  private Path mounts(String... lines) throws Exception {
    return Files.write(folder.resolve("mountinfo"), Stream.of(lines).toList());
  }

  private static String mount(String path, String options) {
    return "36 35 98:0 / %s %s master:1 - ext4 /dev/root rw,errors=continue"
        .formatted(path.replace(" ", "\\040"), options);
  }

  @Test
  void aFolderThatIsThereIsLeftAsItWas() throws Exception {
    Path data = Files.createDirectory(folder.resolve("data"));
    DataFolder.prepare(data);
    try (Stream<Path> left = Files.list(data)) {
      assertThat(left).isEmpty();
    }
    DataFolder.prepare(folder.resolve("new/data"));
    assertThat(folder.resolve("new/data")).isDirectory();
  }

  /** Not even root may write there. */
  @Test
  void aFolderThatCannotBeWrittenIsNamedWithTheUserAndTheReason() {
    assertThatThrownBy(() -> DataFolder.prepare(Path.of("/proc/penstock")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the data folder /proc/penstock cannot be written by user ")
        .hasMessageContaining("(uid ")
        .hasMessageContaining("/proc belongs to user root and group root, r-xr-xr-x");
    assertThatThrownBy(() -> DataFolder.prepareDatabase(Path.of("/proc/penstock.db")))
        .hasMessageContaining("the database /proc/penstock.db cannot be written by user ");
  }

  @Test
  void aFileInItsPlaceIsNamed() throws Exception {
    Path file = Files.createFile(folder.resolve("data"));
    for (Path data : new Path[] {file, file.resolve("below")}) {
      assertThatThrownBy(() -> DataFolder.prepare(data))
          .hasMessageContaining("data folder " + data)
          .hasMessageContaining(file + " is a file");
    }
  }

  @Test
  void whereNothingMayBeExecutedTheMountIsNamed() throws Exception {
    Path data = Files.createDirectory(folder.resolve("data with spaces")).toRealPath();
    assertThat(
            DataFolder.noexec(
                data, mounts(mount("/", "rw,relatime"), mount(data.toString(), "rw,noexec"))))
        .contains(data);
    assertThat(DataFolder.noexec(data, mounts(mount("/", "rw,nosuid,noexec"))))
        .contains(Path.of("/"));
    assertThat(
            DataFolder.noexec(
                data, mounts(mount("/", "rw,noexec"), mount(folder.toRealPath().toString(), "rw"))))
        .isEmpty();
    assertThat(
            DataFolder.noexec(
                data,
                mounts(
                    mount("/", "rw"),
                    mount(data + "-elsewhere", "noexec"),
                    mount("/tmp2", "noexec"))))
        .isEmpty();
    assertThat(
            DataFolder.noexec(
                data,
                mounts(
                    mount("/", "rw"),
                    mount(data.toString(), "noexec"),
                    mount(data.toString(), "rw"))))
        .as("the later of two in one place")
        .isEmpty();
  }
}
