package dev.penstock.models;

import java.nio.file.Path;
import java.util.List;

/**
 * What the header of a GGUF file says; of a split one, that of its first part.
 *
 * @param files its parts, in their order; as a rule one
 * @param bytes of all parts
 * @param architecture as the file names it
 * @param trainedContext tokens that it was trained to see at once; 0: it does not say
 * @param cachedNumbers how many numbers are kept of each token that was read, at most
 * @param vocabulary how many tokens there are
 * @param hasTemplate whether it has a chat template
 */
public record GgufFile(
    List<Path> files,
    long bytes,
    String architecture,
    int trainedContext,
    long cachedNumbers,
    int vocabulary,
    boolean hasTemplate) {
  public GgufFile {
    files = List.copyOf(files);
  }
}
