package dev.penstock.models;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a backend finds a model: files or a server, in a record of the backend's own. Equal as long
 * as nothing there has changed.
 */
public interface ModelSource {
  /** The name of the backend. */
  String backend();

  /** The directory that it is in, of {@code models.dir}; null: elsewhere. */
  default @Nullable Path folder() {
    return null;
  }
}
