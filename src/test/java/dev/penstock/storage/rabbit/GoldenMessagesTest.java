package dev.penstock.storage.rabbit;

import static dev.penstock.storage.GoldenTasks.MINIMAL;
import static dev.penstock.storage.GoldenTasks.RICH;
import static dev.penstock.storage.GoldenTasks.TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Await;
import dev.penstock.testing.Golden;
import dev.penstock.testing.RabbitServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes through the broker is, byte for byte, what version 0.1.0 sent and declared. */
final class GoldenMessagesTest {
  private static final String FILE = "amqp-0.1.0.txt";
  private static final List<TaskSpec> SPECS = List.of(RICH, TOKENS, MINIMAL);
  private static final Set<String> OWNERS = Set.of(RICH.owner(), TOKENS.owner(), MINIMAL.owner());
  private static final Duration SOON = Duration.ofSeconds(30);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RabbitServer server;

  @BeforeAll
  static void startBroker(@TempDir Path data) throws Exception {
    server = RabbitServer.start(data);
  }

  @AfterAll
  static void stopBroker() throws Exception {
    server.close();
  }

  /** One message of the file. */
  private record Kept(String queue, String exchange, String key, String properties, byte[] body) {
    static List<Kept> all() throws IOException {
      List<Kept> all = new ArrayList<>();
      for (String message : Golden.text(FILE).split("\n\n", 0)) {
        List<String> lines =
            message.lines().map(line -> line.substring(line.indexOf(' ') + 1)).toList();
        all.add(
            new Kept(
                lines.get(0),
                lines.get(1),
                lines.get(2),
                lines.get(3),
                HexFormat.of().parseHex(lines.get(5))));
      }
      return all;
    }
  }

  private static TaskQueue connected() throws Exception {
    TaskQueue queue = TestBroker.open(server, Map.of(), OWNERS);
    Await.until("it is connected", SOON, () -> queue.trouble().isEmpty());
    return queue;
  }

  private static String queueOf(TaskSpec spec) {
    return RabbitLink.queue(
        RoutingKeys.own(spec.lane(), spec.owner(), RoutingKeys.urgent(spec.priority())));
  }

  /** As in the file: the head is there for who reads it, the body has all. */
  private static String text(String queue, GetResponse got) {
    byte[] body = got.getBody();
    int head = ByteBuffer.wrap(body).getInt(1);
    var properties = new StringBuilder();
    got.getProps().appendPropertyDebugStringTo(properties);
    return """
    queue: %s
    exchange: %s
    key: %s
    properties: %s
    head: %s
    body: %s
    """
        .formatted(
            queue,
            got.getEnvelope().getExchange(),
            got.getEnvelope().getRoutingKey(),
            properties,
            new String(body, 5, head, StandardCharsets.UTF_8),
            HexFormat.of().formatHex(body));
  }

  private static void delete() throws Exception {
    TestBroker.with(
        server,
        channel -> {
          for (TaskSpec spec : SPECS) {
            channel.queueDelete(queueOf(spec));
          }
          return true;
        });
  }

  @Test
  void messagesArePublishedAsTheyWere() throws Exception {
    delete();
    try (TaskQueue queue = connected()) {
      for (TaskSpec spec : SPECS) {
        queue.enqueue(List.of(spec));
      }
    }
    Golden.check(
        FILE,
        TestBroker.<String>with(
            server,
            channel -> {
              List<String> messages = new ArrayList<>();
              for (TaskSpec spec : SPECS) {
                messages.add(text(queueOf(spec), channel.basicGet(queueOf(spec), true)));
              }
              return String.join("\n", messages);
            }));
  }

  @Test
  void messagesOfThatVersionAreRead() throws Exception {
    List<Kept> all = Kept.all();
    assertThat(all).hasSameSizeAs(SPECS);
    for (int i = 0; i < all.size(); i++) {
      assertThat(TaskMessage.decode(all.get(i).body()))
          .usingRecursiveComparison()
          .isEqualTo(SPECS.get(i));
      assertThat(TaskMessage.encode(SPECS.get(i))).isEqualTo(all.get(i).body());
    }
  }

  @Test
  void messagesThatThatVersionPublishedAreDelivered() throws Exception {
    delete();
    publishOld();
    try (TaskQueue queue = connected()) {
      for (TaskSpec spec : SPECS) {
        Delivery delivery = receive(queue, spec.lane());
        assertThat(SPECS).extracting(TaskSpec::id).contains(delivery.id());
        queue.ack(List.of(delivery));
      }
      Await.until(
          "all are taken",
          SOON,
          () ->
              queue.messages(RICH.lane()).orElse(1) + queue.messages(MINIMAL.lane()).orElse(1)
                  == 0);
    }
  }

  private static Delivery receive(TaskQueue queue, Lane lane) throws InterruptedException {
    return queue.receive(lane, new Room(1, 1 << 20, Priority.LOWEST), SOON).getFirst();
  }

  /** Declares and publishes as a node of version 0.1.0 did. */
  private static void publishOld() throws Exception {
    List<Kept> all = Kept.all();
    TestBroker.with(
        server,
        channel -> {
          declareOld(channel);
          for (int i = 0; i < all.size(); i++) {
            Kept kept = all.get(i);
            channel.queueDeclare(kept.queue(), true, false, false, CLASSIC);
            channel.queueBind(kept.queue(), kept.exchange(), kept.key());
            var properties =
                new AMQP.BasicProperties.Builder()
                    .deliveryMode(2)
                    .priority(SPECS.get(i).priority().value())
                    .messageId(SPECS.get(i).id().value())
                    .correlationId(Integer.toString(i + 1))
                    .build();
            var said = new StringBuilder();
            properties.appendPropertyDebugStringTo(said);
            assertThat(said).hasToString(kept.properties());
            channel.basicPublish(kept.exchange(), kept.key(), true, properties, kept.body());
          }
          return true;
        });
  }

  private static final Map<String, Object> CLASSIC =
      Map.of("x-max-priority", 10, "x-dead-letter-exchange", "penstock.dead");
  private static final Map<String, Object> DEAD =
      Map.of("x-max-length", 10_000, "x-max-length-bytes", 256L << 20);

  private static void declareOld(Channel channel) throws IOException {
    channel.exchangeDeclare("penstock", "direct", true);
    for (String queue : List.of("penstock.dead", "penstock.unreadable")) {
      channel.queueDeclare(queue, true, false, false, DEAD);
    }
    channel.exchangeDeclare("penstock.dead", "fanout", true);
    channel.queueBind("penstock.dead", "penstock.dead", "");
  }

  /** The broker refuses another declaration of what is there. */
  @Test
  void queuesAndExchangesAreDeclaredAsTheyWere() throws Exception {
    delete();
    try (TaskQueue queue = connected()) {
      queue.enqueue(SPECS);
    }
    boolean same =
        TestBroker.with(
            server,
            channel -> {
              declareOld(channel);
              for (TaskSpec spec : SPECS) {
                channel.queueDeclare(queueOf(spec), true, false, false, CLASSIC);
              }
              return channel.isOpen();
            });
    assertThat(same).isTrue();
  }
}
