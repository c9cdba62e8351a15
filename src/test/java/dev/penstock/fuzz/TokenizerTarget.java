package dev.penstock.fuzz;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** What reads a tokenizer.json, and opens it. */
final class TokenizerTarget implements Target {
  private static final String NAME = "tokenizer.json";

  private final ModelsTarget models = new ModelsTarget();
  private final Map<String, byte[]> others = DirectoryTarget.files(DirectoryTarget.whole());

  TokenizerTarget() throws Exception {}

  @Override
  public void read(byte[] input) throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>(others);
    files.put(NAME, input);
    models.read(files);
  }

  @Override
  public void close() throws IOException {
    models.close();
  }
}
