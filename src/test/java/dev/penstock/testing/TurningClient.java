package dev.penstock.testing;

import dev.penstock.testing.Api.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A client of two nodes, as a load balancer and an SDK make one together: what is refused with 503
 * or is not answered goes to the other node.
 */
public final class TurningClient {
  private final Api[] nodes;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger repeats = new AtomicInteger();

  public TurningClient(Api... nodes) {
    this.nodes = nodes.clone();
  }

  /**
   * Sends until somebody answers.
   *
   * @param tries how often before the last answer or failure is the client's
   */
  public Answer post(int tries, String path, String json, String... headers)
      throws IOException, InterruptedException {
    int first = next.getAndIncrement();
    for (int i = 1; ; i++) {
      Api node = nodes[Math.floorMod(first + i, nodes.length)];
      try {
        Answer answer = node.post(path, json, headers);
        if (answer.status() != 503 || i >= tries) {
          return answer;
        }
      } catch (IOException e) {
        if (i >= tries) {
          throw e;
        }
      }
      repeats.incrementAndGet();
      Thread.sleep(Duration.ofMillis(500)); // OpenAI's SDKs wait so long before they repeat
    }
  }

  /** How many requests were sent again. */
  public int repeats() {
    return repeats.get();
  }
}
