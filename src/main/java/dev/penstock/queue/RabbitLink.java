package dev.penstock.queue;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import dev.penstock.config.Settings;
import dev.penstock.queue.Publication.Fate;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.Unavailable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One connection to the broker and all that hangs on it. It is never repaired: when any part of it
 * is lost it is lost as a whole, and another one takes its place.
 */
final class RabbitLink {
  static final String EXCHANGE = "penstock";
  private static final int NOT_FOUND = 404;
  private static final int CLOSING_MILLIS = 2_000;

  /** A lane that gives nothing for so long although messages wait has lost its consumer. */
  private static final long SILENCE_SECONDS = 10;

  private final Settings.Rabbitmq settings;
  private final Connection connection;
  private final Runnable whenLost;
  private final Publisher publisher;
  private final Set<Lane> declared = ConcurrentHashMap.newKeySet();
  private final ReentrantLock declaring = new ReentrantLock();
  private final ConcurrentMap<Lane, LaneConsumer> consumers = new ConcurrentHashMap<>();
  private volatile @Nullable String blocked;
  private volatile @Nullable String lost;

  private RabbitLink(Settings.Rabbitmq settings, Connection connection, Runnable whenLost)
      throws IOException {
    this.settings = settings;
    this.connection = connection;
    this.whenLost = whenLost;
    connection.addBlockedListener(reason -> blocked = reason, () -> blocked = null);
    Channel publishing = channel();
    publishing.exchangeDeclare(EXCHANGE, "direct", true);
    publisher = Publisher.start(publishing, task -> declared.remove(task.lane()));
    // Last: they tell at once of what has been lost already.
    publishing.addShutdownListener(signal -> lost(reason(signal)));
    connection.addShutdownListener(signal -> lost(reason(signal)));
  }

  /**
   * @param whenLost called at most once, by any thread
   */
  static RabbitLink open(
      RabbitConnections connections, Settings.Rabbitmq settings, Runnable whenLost)
      throws IOException, TimeoutException {
    Connection connection = connections.open();
    try {
      return new RabbitLink(settings, connection, whenLost);
    } catch (IOException | RuntimeException e) {
      connection.abort(CLOSING_MILLIS);
      throw e;
    }
  }

  private Channel channel() throws IOException {
    Channel channel = connection.createChannel();
    if (channel == null) {
      throw new IOException("the broker allows no more channels");
    }
    return channel;
  }

  /** Why it was lost; empty while it is not. */
  Optional<String> lost() {
    return Optional.ofNullable(lost);
  }

  /** Why the broker takes no messages right now. */
  Optional<String> blocked() {
    return Optional.ofNullable(blocked);
  }

  private synchronized void lost(String reason) {
    if (lost == null) {
      lost = reason;
      publisher.lost();
      whenLost.run();
    }
  }

  // --- publishing

  /** Returns when the broker has confirmed every task. */
  void publish(List<TaskSpec> tasks, Duration limit) throws InterruptedException {
    long until = System.nanoTime() + limit.toNanos();
    String reason = blocked;
    if (reason != null) {
      throw refusal("the broker takes no messages: " + reason);
    }
    for (Lane lane : tasks.stream().map(TaskSpec::lane).collect(Collectors.toSet())) {
      try {
        declare(lane, until);
      } catch (IOException | TimeoutException | ShutdownSignalException e) {
        throw refusal("the queue of lane " + lane + " cannot be declared: " + reason(e));
      }
    }
    List<Publication> publications = tasks.stream().map(Publication::new).toList();
    try {
      for (Publication publication : publications) {
        publisher.publish(publication, until);
      }
      List<Fate> fates = new ArrayList<>(publications.size());
      for (Publication publication : publications) {
        fates.add(publication.await(until));
      }
      check(fates);
    } finally {
      publications.forEach(Publication::abandon);
    }
  }

  private static void check(List<Fate> fates) {
    int confirmed = 0;
    String refused = null;
    String unknown = null;
    for (Fate fate : fates) {
      switch (fate) {
        case Fate.Confirmed() -> confirmed++;
        case Fate.Refused(var reason) -> refused = reason;
        case Fate.Unknown(var reason) -> unknown = reason;
      }
    }
    if (unknown != null) {
      throw Unavailable.unknown(unknown, new IOException(unknown));
    }
    if (refused != null) {
      // Some of them are in the broker: repeating is safe, taking all of them back is not.
      throw confirmed > 0
          ? Unavailable.unknown(refused, new IOException(refused))
          : refusal(refused);
    }
  }

  private static Unavailable refusal(String reason) {
    return Unavailable.refused(reason, new IOException(reason));
  }

  // --- queues

  static String queue(Lane lane) {
    return EXCHANGE + "." + lane.name();
  }

  private void declare(Lane lane, long until)
      throws IOException, TimeoutException, InterruptedException {
    if (declared.contains(lane)) {
      return;
    }
    if (!declaring.tryLock(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS)) {
      throw new TimeoutException("the broker does not answer");
    }
    try {
      if (declared.contains(lane)) {
        return;
      }
      // Passively first: a queue that is there keeps its type, whatever the settings say now.
      boolean missing = count(lane) == null;
      try (Channel channel = channel()) {
        if (missing) {
          channel.queueDeclare(queue(lane), true, false, false, arguments());
        }
        channel.queueBind(queue(lane), EXCHANGE, lane.name());
      }
      declared.add(lane);
    } finally {
      declaring.unlock();
    }
  }

  private Map<String, Object> arguments() {
    return switch (settings.queueType()) {
      case CLASSIC -> Map.of("x-max-priority", Priority.MAX);
      case QUORUM -> Map.of("x-queue-type", "quorum");
    };
  }

  /** How many messages of the lane wait in the broker; null: it has no such queue. Blocks. */
  @Nullable Long count(Lane lane) throws IOException, TimeoutException {
    Channel channel = channel();
    try {
      return channel.messageCount(queue(lane));
    } catch (IOException e) {
      if (e.getCause() instanceof ShutdownSignalException signal
          && signal.getReason() instanceof AMQP.Channel.Close close
          && close.getReplyCode() == NOT_FOUND) {
        return null;
      }
      throw e;
    } finally {
      if (channel.isOpen()) {
        channel.close();
      }
    }
  }

  // --- consuming

  /** Has the lane's messages delivered, from now on. */
  void consume(LocalLane lane) throws IOException, TimeoutException, InterruptedException {
    if (consumers.containsKey(lane.lane())) {
      return;
    }
    declare(lane.lane(), System.nanoTime() + settings.confirmTimeout().toNanos());
    consumers.put(
        lane.lane(),
        LaneConsumer.start(channel(), lane, queue(lane.lane()), settings.prefetch(), this::lost));
  }

  /** Gives the link up when a lane gets nothing although messages wait for it. */
  void watch() throws IOException, TimeoutException {
    for (LaneConsumer consumer : consumers.values()) {
      if (consumer.silent(settings.prefetch(), SILENCE_SECONDS)) {
        Long waiting = count(consumer.lane().lane());
        // Looked at again: what came while we asked may have been the last of them.
        if (waiting == null
            || waiting > 0 && consumer.silent(settings.prefetch(), SILENCE_SECONDS)) {
          lost("lane " + consumer.lane().lane() + " gets no messages");
        }
      }
    }
  }

  /** Sends what acknowledgements it can; all that is unacknowledged then comes again. Bounded. */
  void close() {
    if (lost == null) {
      consumers.values().forEach(LaneConsumer::stop);
    }
    lost("closed");
    connection.abort(CLOSING_MILLIS);
    consumers
        .values()
        .forEach(consumer -> {
          consumer.stop();
          consumer.lane().forget(consumer);
        });
  }

  /** Why, in words for people: without the names of classes where there is a message. */
  static String reason(Throwable failure) {
    if (failure instanceof ShutdownSignalException signal) {
      return switch (signal.getReason()) {
        case AMQP.Connection.Close close -> close.getReplyText();
        case AMQP.Channel.Close close -> close.getReplyText();
        case null, default ->
            signal.getCause() == null ? "the connection was lost" : reason(signal.getCause());
      };
    }
    Throwable cause = failure.getCause();
    if (cause != null
        && (failure.getMessage() == null || cause instanceof ShutdownSignalException)) {
      return reason(cause);
    }
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
