package dev.penstock.models;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A directory of {@code models.dir}, for whoever tries its model before it is used, maybe in
 * another process.
 *
 * @param models {@code models.dir}
 * @param name the model's
 */
public record ModelPlace(Path models, String name) {

  /**
   * What is there.
   *
   * @param fingerprint another one when any file of the model is another or has been written; equal
   *     wherever the directory is read from
   */
  public record Content(ModelSpec spec, String fingerprint) {}

  /**
   * Reads it, as a look into models.dir does.
   *
   * @throws IOException when it holds no model: words for users
   */
  public Content read() throws IOException {
    var folder = new ModelFolder(models.resolve(name), models.toRealPath());
    try {
      ModelSpec spec = new FolderReader(folder).read("");
      return new Content(spec, folder.fingerprint());
    } catch (BrokenModel e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
