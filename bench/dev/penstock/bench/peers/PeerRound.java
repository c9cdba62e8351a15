package dev.penstock.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/** What peers answer when they have submitted tasks and seen the results of all. */
final class PeerRound {
  /** More than the peers' own limit, so that they get to say what was wrong. */
  static final Duration LIMIT = Duration.ofSeconds(90);

  private static final int DIGITS = 3;
  private static final long NANOS_PER_MICRO = 1_000;

  private PeerRound() {}

  /** Tasks a second, from the first submit of the first peer to the end of the last task. */
  static double rate(List<JsonNode> answers, int tasks) {
    int count = answers.stream().mapToInt(answer -> answer.path("count").asInt()).sum();
    if (count != tasks) {
      throw new IllegalStateException(count + " tasks have ended, not " + tasks);
    }
    double began =
        answers.stream().mapToDouble(answer -> answer.path("began").asDouble()).min().orElseThrow();
    double ended =
        answers.stream().mapToDouble(answer -> answer.path("ended").asDouble()).max().orElseThrow();
    return tasks / (ended - began);
  }

  /** Latencies of single tasks, in nanoseconds. */
  static Histogram latency(Peer peer, int count) throws Exception {
    JsonNode answer = peer.ask("{\"latency\":" + count + "}", LIMIT);
    var latency = new Histogram(DIGITS);
    answer.path("micros").forEach(each -> latency.recordValue(each.asLong() * NANOS_PER_MICRO));
    if (latency.getTotalCount() != count) {
      throw new IllegalStateException(latency.getTotalCount() + " results, not " + count);
    }
    return latency;
  }
}
