import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * The last step of packaging: {@code AddHeavyFiles <shaded jar> <jar>} writes the shaded jar with the models and native
 * libraries of the class path added.
 *
 * <p>Shading would inflate and deflate 300 MB again for half a minute. Here native libraries are copied as the
 * compressed bytes they are, and models are stored plain, because they hardly compress and every start reads them.
 */
final class AddHeavyFiles {
  public static void main(String[] args) throws IOException {
    Path part = Path.of(args[1] + ".part");
    try (ZipArchiveOutputStream out = new ZipArchiveOutputStream(part)) {
      try (ZipFile shaded = open(args[0])) {
        shaded.copyRawEntries(out, entry -> true);
      }
      for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
        if (path.endsWith(".jar")) {
          try (ZipFile source = open(path)) {
            source.copyRawEntries(out, entry -> isCopied(entry.getName()));
            for (ZipArchiveEntry entry : Collections.list(source.getEntries())) {
              if (entry.getName().endsWith(".onnx")) {
                store(source, entry, out);
              }
            }
          }
        }
      }
    }
    Files.move(part, Path.of(args[1]), StandardCopyOption.REPLACE_EXISTING);
  }

  private static ZipFile open(String path) throws IOException {
    return ZipFile.builder().setPath(Path.of(path)).get();
  }

  /** What the shading step leaves out, less the debug symbols: they are twice as large as all the rest. */
  private static boolean isCopied(String name) {
    boolean nativeLibrary = name.startsWith("ai/onnxruntime/native/") || name.startsWith("native/lib/");
    boolean debugSymbols = name.endsWith(".pdb") || name.contains(".dSYM/");
    boolean directory = name.endsWith("/");
    return (nativeLibrary && !debugSymbols && !directory) || name.endsWith("-tokenizer.json");
  }

  private static void store(ZipFile source, ZipArchiveEntry entry, ZipArchiveOutputStream out) throws IOException {
    ZipArchiveEntry stored = new ZipArchiveEntry(entry.getName());
    stored.setMethod(ZipEntry.STORED);
    stored.setSize(entry.getSize());
    stored.setCrc(entry.getCrc());
    stored.setTime(entry.getTime());
    out.putArchiveEntry(stored);
    try (InputStream in = source.getInputStream(entry)) {
      in.transferTo(out);
    }
    out.closeArchiveEntry();
  }
}
