package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.testing.Await;
import java.time.Duration;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What a request leaves behind that is refused: nothing, but for one line in the log at most. */
final class Leftovers implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Logger ROOT =
      (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private static final Logger OURS = (Logger) LoggerFactory.getLogger("dev.penstock");

  private final TestServer server;
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  /** Reads all that is logged in this process, what is for DEBUG too. */
  Leftovers(TestServer server) {
    this.server = server;
    OURS.setLevel(Level.DEBUG);
    lines.start();
    ROOT.addAppender(lines);
  }

  /** Whatever was logged before is none of the next request's. */
  void forget() {
    synchronized (lines) { // as it is when it appends
      lines.list.clear();
    }
  }

  /**
   * Waits until there is nothing but the line.
   *
   * @param worst its level at most
   */
  void assertNone(Level worst) throws Exception {
    Await.until("the request is over", LIMIT, () -> server.verticle().requestsInFlight() == 0);
    Await.until("its body is given back", LIMIT, () -> server.verticle().bytesOfBodies() == 0);
    List<ILoggingEvent> left;
    synchronized (lines) {
      left = List.copyOf(lines.list);
    }
    assertThat(left).hasSizeLessThanOrEqualTo(1);
    assertThat(left).allMatch(line -> worst.isGreaterOrEqual(line.getLevel()));
  }

  @Override
  public void close() {
    ROOT.detachAppender(lines);
    OURS.setLevel(null);
  }
}
