package dev.penstock.storage.rabbit;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import dev.penstock.base.Unavailable;
import dev.penstock.config.Settings;
import dev.penstock.storage.rabbit.Destinations.Destination;
import dev.penstock.storage.rabbit.Publication.Fate;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One connection to the broker and all that hangs on it. It is never repaired: when any part of it
 * is lost it is lost as a whole, and another one takes its place.
 */
final class RabbitLink {
  static final String EXCHANGE = "penstock";
  private static final int NOT_FOUND = 404;
  private static final int CLOSING_MILLIS = 2_000;

  /** How long the queues of one lane may be declared before others are looked after. */
  private static final long A_WHILE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** However many owners there are, the messages of one of them can still fill batches. */
  private static final int LEAST_PREFETCH = 64;

  /** Of a message in a quorum queue: the broker's own default is 20 from version 4.0 on. */
  private static final int MOST_DELIVERIES = 1_000;

  /** A lane that gives nothing for so long although messages wait has lost its consumer. */
  private static final long SILENCE_SECONDS = 10;

  private final Settings.Rabbitmq settings;
  private final Connection connection;
  private final Runnable whenLost;
  private final Publisher publisher;
  private final Owners owners;
  private final Set<String> declared = ConcurrentHashMap.newKeySet();
  private final Destinations destinations;
  private final ReentrantLock declaring = new ReentrantLock();
  private final ConcurrentMap<Lane, LaneConsumer> consumers = new ConcurrentHashMap<>();
  private volatile @Nullable String blocked;
  private volatile @Nullable String lost;

  private RabbitLink(
      Settings.Rabbitmq settings, Owners owners, RabbitConnections.Opened opened, Runnable whenLost)
      throws IOException {
    this.settings = settings;
    this.owners = owners;
    this.connection = opened.connection();
    this.whenLost = whenLost;
    destinations =
        new Destinations(owners, declared::contains, this::has, settings.confirmTimeout());
    connection.addBlockedListener(reason -> blocked = reason, () -> blocked = null);
    Channel publishing = channel();
    publishing.exchangeDeclare(EXCHANGE, "direct", true);
    publisher = Publisher.start(publishing, opened.cork(), this::forget);
    // Last: they tell at once of what has been lost already.
    publishing.addShutdownListener(signal -> lost(reason(signal)));
    connection.addShutdownListener(signal -> lost(reason(signal)));
  }

  /**
   * @param whenLost called at most once, by any thread
   */
  static RabbitLink open(
      RabbitConnections connections, Settings.Rabbitmq settings, Owners owners, Runnable whenLost)
      throws IOException, TimeoutException {
    RabbitConnections.Opened opened = connections.open();
    try {
      var link = new RabbitLink(settings, owners, opened, whenLost);
      DeadLetters.declare(link);
      return link;
    } catch (IOException | TimeoutException | RuntimeException e) {
      opened.connection().abort(CLOSING_MILLIS);
      throw e;
    }
  }

  /** A new channel, which the caller closes. */
  Channel channel() throws IOException {
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
    List<Publication> publications = new ArrayList<>(tasks.size());
    for (TaskSpec task : tasks) {
      try {
        owners.add(task.owner());
        Destination to = Destination.of(task);
        if (!destinations.decided(to) && !owners.awaitCurrent(until)) {
          throw refusal("it is not known yet whose queues there are");
        }
        String route = destinations.route(to);
        declare(route, until);
        readIfWanted(task.lane(), route);
        publications.add(new Publication(task, route));
      } catch (IOException | TimeoutException | ShutdownSignalException e) {
        throw refusal("the queue of lane " + task.lane() + " cannot be declared: " + reason(e));
      }
    }
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

  static String queue(String route) {
    return EXCHANGE + "." + route;
  }

  /** The broker has no such queue any more. */
  private void forget(String route) {
    declared.remove(route);
    destinations.forget(route);
  }

  private void declare(String route, long until)
      throws IOException, TimeoutException, InterruptedException {
    if (declared.contains(route)) {
      return;
    }
    if (!declaring.tryLock(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS)) {
      throw new TimeoutException("the broker does not answer");
    }
    try {
      if (declared.contains(route)) {
        return;
      }
      // Passively first: a queue that is there keeps its type, whatever the settings say now.
      boolean missing = count(List.of(route)).isEmpty();
      try (Channel channel = channel()) {
        if (missing) {
          channel.queueDeclare(queue(route), true, false, false, arguments());
        }
        channel.queueBind(queue(route), EXCHANGE, route);
      }
      declared.add(route);
    } finally {
      declaring.unlock();
    }
  }

  private Map<String, Object> arguments() {
    return switch (settings.queueType()) {
      case CLASSIC ->
          Map.of("x-max-priority", Priority.MAX, "x-dead-letter-exchange", DeadLetters.QUEUE);
      // Deliveries that were in vain are counted in the store; a restart of ours is none of them.
      case QUORUM ->
          Map.of(
              "x-queue-type",
              "quorum",
              "x-delivery-limit",
              MOST_DELIVERIES,
              "x-dead-letter-exchange",
              DeadLetters.QUEUE);
    };
  }

  /** How many messages of the lane wait in the broker, in all its queues. Blocks. */
  long count(Lane lane) throws IOException, TimeoutException {
    Set<String> all = new LinkedHashSet<>();
    for (String owner : owners.known()) {
      for (boolean urgent : List.of(true, false)) {
        var from = new Destination(lane, owner, urgent);
        if (destinations.decided(from) || owners.current()) {
          all.add(destinations.route(from));
        }
      }
    }
    if (owners.crowded()) {
      all.addAll(RoutingKeys.shared(lane));
    }
    return count(all).orElse(0);
  }

  /** Whether the broker has the queue. Blocks. */
  boolean has(String route) throws IOException, TimeoutException {
    return count(List.of(route)).isPresent();
  }

  /** How many messages wait in these queues; empty: the broker has none of the queues. */
  private OptionalLong count(Collection<String> routes) throws IOException, TimeoutException {
    boolean found = false;
    long sum = 0;
    Channel channel = channel();
    try {
      for (String route : routes) {
        try {
          sum += channel.messageCount(queue(route));
          found = true;
        } catch (IOException e) {
          if (!missing(e)) {
            throw e;
          }
          channel = channel(); // The question has closed it.
        }
      }
      return found ? OptionalLong.of(sum) : OptionalLong.empty();
    } finally {
      if (channel.isOpen()) {
        channel.close();
      }
    }
  }

  /** Whether the broker said that it has no such queue. */
  private static boolean missing(IOException e) {
    return e.getCause() instanceof ShutdownSignalException signal
        && signal.getReason() instanceof AMQP.Channel.Close close
        && close.getReplyCode() == NOT_FOUND;
  }

  // --- consuming

  /**
   * Has the lane's messages delivered, of all owners that are known by now. With many of them it
   * stops after a while, and the next call goes on.
   */
  void consume(LocalLane lane) throws IOException, TimeoutException, InterruptedException {
    LaneConsumer consumer = consumers.get(lane.lane());
    if (consumer == null) {
      consumer = LaneConsumer.start(channel(), lane, this::lost);
      consumers.put(lane.lane(), consumer);
    }
    long end = System.nanoTime() + A_WHILE_NANOS;
    Set<String> known = owners.known();
    int prefetch = prefetch(known.size());
    if (owners.crowded()) {
      for (String route : RoutingKeys.shared(lane.lane())) {
        consume(consumer, route, prefetch);
      }
    }
    for (String owner : consumer.inTurn(known)) {
      for (boolean urgent : List.of(true, false)) {
        var from = new Destination(lane.lane(), owner, urgent);
        if (destinations.decided(from) || owners.current()) {
          consume(consumer, destinations.routeToRead(from), prefetch);
        }
      }
      consumer.lookedAfter(owner);
      if (System.nanoTime() - end > 0) {
        return;
      }
    }
  }

  /**
   * Has the messages of a queue that we publish to delivered, if those of its lane are. Left to the
   * thread that consumes, a new owner's first messages would wait until its queues of other lanes
   * are declared, and meanwhile its turns in this lane would be the others'. That thread comes to
   * it all the same where this fails.
   */
  private void readIfWanted(Lane lane, String route) {
    LaneConsumer consumer = consumers.get(lane);
    if (consumer == null || consumer.consumes(route)) {
      return;
    }
    try {
      consumer.consumeUnlessResting(route, prefetch(owners.known().size()));
    } catch (IOException | ShutdownSignalException e) {
      // No reason to refuse what is published.
    }
  }

  private int prefetch(int owners) {
    return Math.max(Math.min(settings.prefetch(), LEAST_PREFETCH), settings.prefetch() / owners);
  }

  /** Has no more of the lane's messages delivered until the next {@link #consume}. */
  void rest(LocalLane lane) throws IOException {
    LaneConsumer consumer = consumers.get(lane.lane());
    if (consumer != null) {
      consumer.rest();
    }
  }

  private void consume(LaneConsumer consumer, String route, int prefetch)
      throws IOException, TimeoutException, InterruptedException {
    if (consumer.wants(route)) {
      declare(route, System.nanoTime() + settings.confirmTimeout().toNanos());
      consumer.consume(route, prefetch);
    }
  }

  /**
   * Gives messages that only wait here to other nodes, where they may want them. With many queues
   * it stops after a while; they come in any order, so that each has its turn.
   */
  void spread(LocalLane lane) throws IOException, TimeoutException {
    LaneConsumer consumer = consumers.get(lane.lane());
    List<String> routes = consumer == null ? new ArrayList<>() : consumer.toLookAt();
    if (consumer == null || routes.isEmpty()) {
      return;
    }
    Collections.shuffle(routes);
    long end = System.nanoTime() + A_WHILE_NANOS;
    Channel channel = channel();
    try {
      for (String route : routes) {
        AMQP.Queue.DeclareOk found = channel.queueDeclarePassive(queue(route));
        consumer.looked(route, found.getMessageCount(), found.getConsumerCount());
        if (System.nanoTime() - end > 0) {
          return;
        }
      }
    } catch (IOException e) {
      if (!missing(e)) {
        throw e;
      }
      // Who watches notices that there is no such queue any more.
    } finally {
      if (channel.isOpen()) {
        channel.close();
      }
    }
  }

  /** Gives the link up when a lane gets nothing although messages wait for it. */
  void watch() throws IOException, TimeoutException {
    for (LaneConsumer consumer : consumers.values()) {
      for (LaneConsumer.Subscription subscription : consumer.subscriptions()) {
        if (subscription.silent(SILENCE_SECONDS)) {
          OptionalLong waiting = count(List.of(subscription.route()));
          // Looked at again: what came while we asked may have been the last of them.
          if (waiting.isEmpty()
              || (waiting.getAsLong() > 0 && subscription.silent(SILENCE_SECONDS))) {
            lost("queue " + queue(subscription.route()) + " gives no messages");
            return;
          }
          subscription.excused();
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
    if (failure instanceof AuthenticationFailureException) {
      return "it refuses the login (rabbitmq.user, rabbitmq.password)";
    }
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
