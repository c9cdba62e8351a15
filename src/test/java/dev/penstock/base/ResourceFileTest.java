package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResourceFileTest {
  private static final String RESOURCE = "all-minilm-l6-v2-tokenizer.json";
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000);

  @TempDir Path folder;

  @Test
  void aResourceIsUnpackedOnceAndUsedAgain() throws Exception {
    Path file = ResourceFile.unpack(RESOURCE, folder.resolve("models"), "a/b:c");
    Files.setLastModifiedTime(file, LONG_AGO);

    assertThat(file.getFileName().toString()).matches("a_b_c-[0-9a-f]{8}\\.json");
    assertThat(ResourceFile.unpack(RESOURCE, folder.resolve("models"), "a/b:c")).isEqualTo(file);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(LONG_AGO);
    try (InputStream resource = ResourceFile.open(RESOURCE)) {
      assertThat(Files.readAllBytes(file)).isEqualTo(resource.readAllBytes());
    }
  }

  @Test
  void aDamagedFileIsReplaced() throws Exception {
    Path file = ResourceFile.unpack(RESOURCE, folder, "model");
    byte[] right = Files.readAllBytes(file);

    byte[] flipped = right.clone();
    flipped[right.length / 2] ^= 1;
    Files.write(file, flipped);
    ResourceFile.unpack(RESOURCE, folder, "model");
    assertThat(Files.readAllBytes(file)).isEqualTo(right);

    Files.write(file, new byte[10]);
    ResourceFile.unpack(RESOURCE, folder, "model");
    assertThat(Files.readAllBytes(file)).isEqualTo(right);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aMissingResourceIsNamed() {
    assertThatThrownBy(() -> ResourceFile.unpack("no-such.onnx", folder, "model"))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("no-such.onnx");
  }
}
