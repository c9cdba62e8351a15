package dev.penstock.engine.llama;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Tells models apart by parts of their files from the first byte to the last: reading all of one
 * takes longer than opening it. Equal on every machine.
 */
final class Fingerprint {
  private static final int BLOCKS = 16;
  private static final int BLOCK = 1 << 16;
  private static final int LETTERS = 32;

  private Fingerprint() {}

  static String of(List<Path> files) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    for (Path path : files) {
      try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
        long size = file.size();
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
        long last = Math.max(0, size - BLOCK);
        for (int i = 0; i < BLOCKS; i++) {
          block.clear();
          int _ =
              file.read(block, last / (BLOCKS - 1) * i + last % (BLOCKS - 1) * i / (BLOCKS - 1));
          digest.update(block.flip());
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, LETTERS);
  }
}
