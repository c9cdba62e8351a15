package dev.penstock.testing;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a worker and a server of version 0.1.0 said to each other: a line for each message, with its
 * name, where it went or its status, and its body.
 */
public final class WorkerTalk {
  public static final String REQUESTS = "worker-requests-0.1.0.txt";
  public static final String REPLIES = "worker-replies-0.1.0.txt";

  /**
   * A message.
   *
   * @param head the path of a request, the status of a reply
   */
  public record Said(String head, String body) {}

  private WorkerTalk() {}

  /** The messages of a file by their names, in their order. */
  public static Map<String, Said> read(String file) throws IOException {
    var talk = new LinkedHashMap<String, Said>();
    for (String line : Golden.text(file).split("\n", 0)) {
      String[] parts = line.split(" ", 3);
      talk.put(parts[0], new Said(parts[1], parts[2]));
    }
    return talk;
  }

  /** The messages as the file has them. */
  public static String write(Map<String, Said> talk) {
    return talk.entrySet().stream()
        .map(each -> each.getKey() + " " + each.getValue().head() + " " + each.getValue().body())
        .collect(Collectors.joining("\n"));
  }

  /**
   * Without the times, of which some are the clock's: when it started, waits and expires. And
   * without what newer servers offer: whoever does not know the word leaves it.
   */
  public static String masked(String text) {
    return text.strip()
        .replaceAll("\"(started_at|wait_seconds)\":[0-9.E]+", "\"$1\":0")
        .replaceAll(",\"offers\":\\[[a-z\",]*]", "")
        .replaceAll("(\"status\":\"held\",\"expires_at\"):[0-9]{10}\\.[0-9]{3}", "$1:0");
  }
}
