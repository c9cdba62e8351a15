package dev.penstock.testing;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Makes model directories that look like any other, and take down the process that opens them. */
public final class HostileModels {
  private HostileModels() {}

  /** Its tokenizer's native code aborts over any text. */
  public static Path abortsOverAnyText(Path models, String name) throws IOException {
    return aborting(models, name, 1);
  }

  /** Its tokenizer's native code aborts over letters that are not ASCII. */
  public static Path abortsOverForeignLetters(Path models, String name) throws IOException {
    return aborting(models, name, 128);
  }

  /** Its model calls itself, and ONNX Runtime follows until its stack ends. */
  public static Path overflowsTheStack(Path models, String name) throws IOException {
    return ModelFolders.tiny(
        models,
        name,
        TinyModel.words().endless("last_hidden_state", "words").output("last_hidden_state", 3));
  }

  /**
   * A table of normal forms that ends before what it refers to, which nobody checks.
   *
   * @param units first bytes of letters that it knows
   */
  private static Path aborting(Path models, String name, int units) throws IOException {
    Path folder = ModelFolders.tiny(models, name, TinyModel.quick());
    Path file = folder.resolve("tokenizer.json");
    var tokenizer = (ObjectNode) JsonMappers.PLAIN.readTree(file.toFile());
    byte[] table =
        ByteBuffer.allocate(Integer.BYTES * (units + 1))
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(Integer.BYTES * units)
            .array();
    tokenizer
        .putObject("normalizer")
        .put("type", "Precompiled")
        .put("precompiled_charsmap", Base64.getEncoder().encodeToString(table));
    Files.write(file, JsonMappers.PLAIN.writeValueAsBytes(tokenizer));
    return folder;
  }
}
