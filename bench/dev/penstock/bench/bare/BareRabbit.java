package dev.penstock.bench.bare;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * RabbitMQ with nothing around it: persistent messages into one durable queue, confirmed, and out
 * of it at the same time, acknowledged by hand in groups. Two connections, as clients are told to.
 */
public final class BareRabbit implements AutoCloseable {
  private static final String QUEUE = "bench.bare";
  private static final int IN_FLIGHT = 1_000;
  private static final int PREFETCH = 512;
  private static final int ACKS = 50;
  private static final int DIGITS = 3;
  private static final long LIMIT_S = 30;

  private final Connection publishing;
  private final Connection consuming;
  private final Channel out;
  private final byte[] message;
  private final NavigableSet<Long> unconfirmed = new ConcurrentSkipListSet<>();
  private final Semaphore window = new Semaphore(IN_FLIGHT);
  private volatile Run current = new Run(0);

  /** Messages that are under way together. */
  private static final class Run {
    final CountDownLatch confirmed;
    final CountDownLatch consumed;
    volatile long lastConfirm;
    volatile long lastDelivery;

    Run(int messages) {
      confirmed = new CountDownLatch(messages);
      consumed = new CountDownLatch(messages);
    }

    void await() throws InterruptedException {
      if (!confirmed.await(LIMIT_S, TimeUnit.SECONDS)
          || !consumed.await(LIMIT_S, TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            confirmed.getCount() + " messages not confirmed, " + consumed.getCount() + " not here");
      }
    }
  }

  /** Latencies of single messages, in nanoseconds from before they are published. */
  public record Latencies(Histogram confirm, Histogram delivery) {}

  public BareRabbit(int port, int size) throws Exception {
    message = new byte[size];
    publishing = factory(port).newConnection();
    consuming = factory(port).newConnection();
    out = publishing.createChannel();
    out.queueDeclare(QUEUE, true, false, false, null);
    out.confirmSelect();
    out.addConfirmListener(
        this::confirmed,
        (_, _) -> {
          throw new IllegalStateException("the broker refused a message");
        });
    Channel in = consuming.createChannel();
    in.basicQos(PREFETCH);
    in.basicConsume(QUEUE, false, consumer(in));
  }

  private static ConnectionFactory factory(int port) {
    var factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(port);
    factory.setAutomaticRecoveryEnabled(false);
    return factory;
  }

  /** The size of the first message of a queue, which is left in it. */
  public static int sizeIn(int port, String queue) throws Exception {
    try (Connection connection = factory(port).newConnection();
        Channel channel = connection.createChannel()) {
      GetResponse first = channel.basicGet(queue, false);
      if (first == null) {
        throw new IllegalStateException("there is nothing in " + queue);
      }
      channel.basicNack(first.getEnvelope().getDeliveryTag(), false, true);
      return first.getBody().length;
    }
  }

  /** Empties a queue; how many messages it had that nobody had been given. */
  public static int purge(int port, String queue) throws Exception {
    try (Connection connection = factory(port).newConnection();
        Channel channel = connection.createChannel()) {
      return channel.queuePurge(queue).getMessageCount();
    }
  }

  public static String version(int port) throws Exception {
    try (Connection connection = factory(port).newConnection()) {
      return String.valueOf(connection.getServerProperties().get("version"));
    }
  }

  public int size() {
    return message.length;
  }

  private void confirmed(long tag, boolean multiple) {
    Run run = current;
    run.lastConfirm = System.nanoTime();
    int count = 0;
    if (multiple) {
      var all = unconfirmed.headSet(tag, true);
      while (all.pollFirst() != null) {
        count++;
      }
    } else if (unconfirmed.remove(tag)) {
      count = 1;
    }
    window.release(count);
    for (int i = 0; i < count; i++) {
      run.confirmed.countDown();
    }
  }

  private DefaultConsumer consumer(Channel in) {
    return new DefaultConsumer(in) {
      private int unacknowledged;

      @Override
      public void handleDelivery(
          String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body)
          throws IOException {
        Run run = current;
        run.lastDelivery = System.nanoTime();
        unacknowledged++;
        if (unacknowledged == ACKS || run.consumed.getCount() == 1) {
          in.basicAck(envelope.getDeliveryTag(), true);
          unacknowledged = 0;
        }
        run.consumed.countDown();
      }
    };
  }

  /** Messages a second that are confirmed, delivered and acknowledged. */
  public double rate(int messages) throws Exception {
    var run = new Run(messages);
    current = run;
    long start = System.nanoTime();
    for (int i = 0; i < messages; i++) {
      publish();
    }
    run.await();
    return messages * 1e9 / (System.nanoTime() - start);
  }

  private void publish() throws IOException, InterruptedException {
    if (!window.tryAcquire(LIMIT_S, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the broker confirms nothing");
    }
    unconfirmed.add(out.getNextPublishSeqNo());
    out.basicPublish("", QUEUE, MessageProperties.PERSISTENT_BASIC, message);
  }

  /** One message at a time. */
  public Latencies oneAtATime(int messages) throws Exception {
    var confirm = new Histogram(DIGITS);
    var delivery = new Histogram(DIGITS);
    for (int i = 0; i < messages; i++) {
      var run = new Run(1);
      current = run;
      long start = System.nanoTime();
      publish();
      run.await();
      confirm.recordValue(run.lastConfirm - start);
      delivery.recordValue(run.lastDelivery - start);
    }
    return new Latencies(confirm, delivery);
  }

  @Override
  public void close() throws IOException {
    publishing.abort();
    consuming.abort();
  }
}
