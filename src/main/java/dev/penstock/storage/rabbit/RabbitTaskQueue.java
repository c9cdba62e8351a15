package dev.penstock.storage.rabbit;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import dev.penstock.base.Backoff;
import dev.penstock.base.Unavailable;
import dev.penstock.config.Settings;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import io.micrometer.core.instrument.Tags;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ready work in RabbitMQ: durable queues for each lane and owner. A message is published
 * persistently and confirmed before {@link #enqueue} returns; what is delivered waits in a {@link
 * LocalLane} and is acknowledged when it is dealt with. A lane's messages are asked for from its
 * first {@link #receive} on.
 *
 * <p>One thread keeps a {@link RabbitLink} up for as long as it takes. What a lost one delivered is
 * forgotten here: the broker delivers it again, and the store tells which of it has been done.
 */
public final class RabbitTaskQueue implements TaskQueue {
  private static final Logger LOG = LoggerFactory.getLogger(RabbitTaskQueue.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** A link that lasted so long was a good one: after it the pauses are short again. */
  private static final Duration GOOD = Duration.ofSeconds(10);

  /** A lane nobody here has received from for so long leaves its messages to other nodes. */
  static final Duration IDLE = Duration.ofSeconds(5);

  private static final Duration LOOK_AROUND = Duration.ofSeconds(1);
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private final Settings.Rabbitmq settings;
  private final RabbitConnections connections;
  private final Owners owners;
  private final ConcurrentMap<Lane, LocalLane> lanes = new ConcurrentHashMap<>();
  private final Semaphore wake = new Semaphore(0);
  private final Thread supervisor;
  private volatile @Nullable RabbitLink link;
  private volatile String away = "not connected yet";
  private volatile boolean closed;

  private RabbitTaskQueue(Settings.Rabbitmq settings, Supplier<Set<String>> owners) {
    this.settings = settings;
    this.owners = Owners.start(owners, wake::release);
    connections = new RabbitConnections(settings);
    supervisor = Thread.ofVirtual().name("rabbitmq-link").unstarted(this::supervise);
  }

  /** Does not wait for the broker: it may be away for now. */
  public static RabbitTaskQueue open(
      Settings.Rabbitmq settings, Meters meters, Supplier<Set<String>> owners) {
    var queue = new RabbitTaskQueue(settings, owners);
    meters.gauge(
        "penstock.queue.connected", Tags.empty(), queue, it -> it.link == null ? 0.0 : 1.0);
    queue.supervisor.start();
    return queue;
  }

  // --- the port

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    if (tasks.isEmpty()) {
      return;
    }
    RabbitLink up = link;
    if (up == null) {
      throw Unavailable.refused(trouble().orElse(away), new IOException(away));
    }
    try {
      up.publish(tasks, settings.confirmTimeout());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.unknown("interrupted", e);
    }
  }

  @Override
  public List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException {
    if (closed) {
      return List.of();
    }
    LocalLane here = lane(lane);
    if (here.wakes()) {
      wake.release();
    }
    return here.receive(room, wait);
  }

  private LocalLane lane(Lane lane) {
    LocalLane known = lanes.get(lane);
    if (known != null) {
      return known;
    }
    LocalLane added = lanes.computeIfAbsent(lane, it -> new LocalLane(it, wake::release));
    wake.release(); // It is to be consumed now.
    if (closed) {
      added.close();
    }
    return added;
  }

  @Override
  public void ack(List<Delivery> deliveries) {
    for (Delivery delivery : deliveries) {
      LocalLane lane = lanes.get(delivery.lane());
      LocalLane.Message message = lane == null ? null : lane.drop(delivery);
      if (message != null) {
        message.from().ack(message.brokerTag());
      }
    }
  }

  @Override
  public List<Delivery> release(List<Delivery> deliveries) {
    return release(deliveries, false);
  }

  @Override
  public List<Delivery> releaseSuspects(List<Delivery> deliveries) {
    return release(deliveries, true);
  }

  private List<Delivery> release(List<Delivery> deliveries, boolean suspects) {
    List<Delivery> gone = new ArrayList<>();
    for (Delivery delivery : deliveries) {
      LocalLane lane = lanes.get(delivery.lane());
      if (lane == null || !lane.release(delivery, suspects)) {
        gone.add(delivery);
      }
    }
    return gone;
  }

  @Override
  public Optional<TaskSpec> whole(Delivery delivery) {
    LocalLane lane = lanes.get(delivery.lane());
    return lane == null ? Optional.empty() : lane.whole(delivery);
  }

  @Override
  public OptionalLong messages(Lane lane) {
    RabbitLink up = link;
    if (up == null) {
      return OptionalLong.empty();
    }
    try {
      LocalLane here = lanes.get(lane);
      return OptionalLong.of(up.count(lane) + (here == null ? 0 : here.size()));
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      return OptionalLong.empty(); // the supervisor finds out what is wrong
    }
  }

  @Override
  public int takeDead(int limit, Consumer<Dead> deal) {
    RabbitLink up = link;
    if (up == null) {
      return 0;
    }
    try (Channel channel = up.channel()) {
      return DeadLetters.take(channel, limit, deal);
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      return 0; // What was not acknowledged comes again; the supervisor finds out what is wrong.
    }
  }

  @Override
  public Optional<String> trouble() {
    RabbitLink up = link;
    if (up == null) {
      return Optional.of(connections + " is away: " + away);
    }
    // Who supervises it may still wait for an answer over what is lost already.
    return up.lost()
        .map(reason -> connections + " is away: " + reason)
        .or(() -> up.blocked().map(reason -> connections + " takes no messages: " + reason));
  }

  /** Everything that is not acknowledged comes again. */
  @Override
  public void close() {
    closed = true;
    owners.close();
    lanes.values().forEach(LocalLane::close);
    wake.release();
    try {
      if (!supervisor.join(CLOSING)) {
        supervisor.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // --- the link

  private void supervise() {
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    try {
      while (!closed) {
        long since = System.nanoTime();
        try {
          hold();
        } catch (IOException | TimeoutException | ShutdownSignalException e) {
          away = RabbitLink.reason(e);
        } catch (RuntimeException | Error e) {
          // Whatever it was: without this thread there would be no queue any more.
          LOG.error("the link to {} failed", connections, e);
          away = e.toString();
        }
        if (System.nanoTime() - since > GOOD.toNanos()) {
          backoff.reset();
        }
        if (!closed && backoff.first()) {
          LOG.warn("{} is away: {}. Trying again until it is back", connections, away);
        }
        await(backoff.pause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Opens a link and looks after it until it is lost. */
  private void hold() throws IOException, TimeoutException, InterruptedException {
    RabbitLink up = RabbitLink.open(connections, settings, owners, wake::release);
    long looked = System.nanoTime();
    try {
      wake.drainPermits();
      link = up;
      LOG.info("connected to {}", connections);
      while (!closed && up.lost().isEmpty()) {
        boolean looks = System.nanoTime() - looked >= LOOK_AROUND.toNanos();
        looked = looks ? System.nanoTime() : looked;
        for (LocalLane lane : lanes.values()) {
          if (lane.idle(IDLE)) {
            up.rest(lane);
          } else {
            if (looks) {
              up.spread(lane);
            }
            up.consume(lane);
          }
          lane.part(settings.ackHorizon());
        }
        up.watch();
        lookAround();
      }
      away = up.lost().orElse("closed");
    } finally {
      link = null;
      up.close();
    }
  }

  private void lookAround() throws InterruptedException {
    if (wake.tryAcquire(LOOK_AROUND.toMillis(), TimeUnit.MILLISECONDS)) {
      wake.drainPermits();
    }
  }

  /** Not cut short by whoever asks for a lane. */
  private void await(Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    while (!closed && end - System.nanoTime() > 0) {
      wake.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
  }
}
