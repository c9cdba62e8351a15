package dev.penstock.fuzz;

import dev.penstock.api.FuzzServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The routes that read JSON. */
final class BodyTarget implements Target {
  static final List<String> CLIENTS =
      List.of(
          "/v1/tasks",
          "/v1/embeddings",
          "/openai/deployments/all-minilm-l6-v2/embeddings",
          "/api/v1/embedding",
          "/v1/tasks/cancel",
          "/v1/tasks/retry",
          "/v1/tasks/delete",
          "/v1/tasks/" + FuzzServer.RUNNING + "/retry",
          "/v1/keys");

  static final List<String> WORKERS =
      List.of(
          "/v1/worker/lease",
          "/v1/worker/extend",
          "/v1/worker/pieces",
          "/v1/worker/settle",
          "/v1/worker/children");

  private final List<String> paths;
  private final FuzzServer server = new FuzzServer();

  BodyTarget(List<String> paths) throws Exception {
    this.paths = paths;
  }

  @Override
  public void read(byte[] input) throws Exception {
    int line = 0;
    while (line < input.length && input[line] != '\n') {
      line++;
    }
    String path = new String(input, 0, line, StandardCharsets.ISO_8859_1);
    // A line that was changed means one of them as well, or few inputs would get any further.
    int index = paths.indexOf(path);
    String route = paths.get(index >= 0 ? index : Math.floorMod(path.hashCode(), paths.size()));
    server.post(route, Arrays.copyOfRange(input, Math.min(line + 1, input.length), input.length));
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
