package dev.penstock.base;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A class-path resource as a file, for native code that opens files by their path: a session opened
 * by path never has its model on the Java heap.
 */
public final class ResourceFile {
  private static final int BUFFER_BYTES = 1 << 20;

  private ResourceFile() {}

  /**
   * The resource as {@code folder/name-crc.extension}. It is unpacked once: a file that is there
   * already with the right size and checksum is used as it is, any other is replaced in one step.
   * Blocks.
   */
  public static Path unpack(String resource, Path folder, String name) throws IOException {
    Sum sum = sumOf(resource);
    String extension = resource.substring(Math.max(0, resource.lastIndexOf('.')));
    // Model names may hold slashes; the checksum keeps names apart that look alike afterwards.
    String safe = name.replaceAll("[^A-Za-z0-9._-]", "_");
    String crc = HexFormat.of().toHexDigits((int) sum.crc());
    return unpack(resource, sum, folder.resolve(safe + "-" + crc + extension));
  }

  /** The resource as {@code folder/name}; otherwise as {@link #unpack(String, Path, String)}. */
  public static Path unpackAs(String resource, Path folder, String name) throws IOException {
    return unpack(resource, sumOf(resource), folder.resolve(name));
  }

  /** The resource's bytes. */
  public static InputStream open(String resource) throws IOException {
    return urlOf(resource).openStream();
  }

  /** How many bytes it has. */
  public static long size(String resource) throws IOException {
    return urlOf(resource).openConnection().getContentLengthLong();
  }

  private static Path unpack(String resource, Sum sum, Path file) throws IOException {
    if (Files.isRegularFile(file) && Files.size(file) == sum.size() && crcOf(file) == sum.crc()) {
      return file;
    }
    Path above = file.toAbsolutePath().resolveSibling("");
    Files.createDirectories(above, OwnerOnly.folder(above));
    Path part = Files.createTempFile(above, file.getFileName() + ".", ".part"); // its owner's alone
    try {
      CRC32 crc = new CRC32();
      try (InputStream in = open(resource);
          var out = new CheckedOutputStream(Files.newOutputStream(part), crc)) {
        in.transferTo(out);
      }
      if (crc.getValue() != sum.crc()) {
        throw new IOException(resource + " is damaged: its checksum does not match");
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return file;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static Sum sumOf(String resource) throws IOException {
    URLConnection connection = urlOf(resource).openConnection();
    if (connection instanceof JarURLConnection jar) {
      JarEntry entry = jar.getJarEntry();
      if (entry != null && entry.getCrc() >= 0 && entry.getSize() >= 0) {
        return new Sum(entry.getSize(), entry.getCrc());
      }
    }
    CRC32 crc = new CRC32();
    try (InputStream in = new CheckedInputStream(open(resource), crc)) {
      long size = in.transferTo(OutputStream.nullOutputStream());
      return new Sum(size, crc.getValue());
    }
  }

  private static long crcOf(Path file) throws IOException {
    CRC32 crc = new CRC32();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (channel.read(buffer.clear()) >= 0) {
        crc.update(buffer.flip());
      }
    }
    return crc.getValue();
  }

  private static URL urlOf(String resource) throws FileNotFoundException {
    URL url = ResourceFile.class.getClassLoader().getResource(resource);
    if (url == null) {
      throw new FileNotFoundException("no resource " + resource + " on the class path");
    }
    return url;
  }

  private record Sum(long size, long crc) {}
}
