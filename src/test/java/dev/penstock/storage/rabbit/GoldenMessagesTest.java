package dev.penstock.storage.rabbit;

import static dev.penstock.storage.GoldenTasks.MINIMAL;
import static dev.penstock.storage.GoldenTasks.RICH;
import static dev.penstock.storage.GoldenTasks.TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import dev.penstock.storage.TaskMessage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Await;
import dev.penstock.testing.Golden;
import dev.penstock.testing.GoldenBroker;
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
    List<byte[]> all = GoldenBroker.bodies();
    assertThat(all).hasSameSizeAs(SPECS);
    for (int i = 0; i < all.size(); i++) {
      assertThat(TaskMessage.decode(all.get(i))).usingRecursiveComparison().isEqualTo(SPECS.get(i));
      assertThat(TaskMessage.encode(SPECS.get(i))).isEqualTo(all.get(i));
    }
  }

  @Test
  void messagesThatThatVersionPublishedAreDelivered() throws Exception {
    delete();
    GoldenBroker.publish(server);
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
