package dev.penstock.engine;

/** Somebody is writing a model's files: it is opened once they rest. */
final class FilesChanging extends Exception {
  private static final long serialVersionUID = 1L;

  FilesChanging() {
    super("its files are changing");
  }
}
