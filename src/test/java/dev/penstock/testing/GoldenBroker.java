package dev.penstock.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A broker as a node of version 0.1.0 leaves it: what that declared, and the messages that it
 * published. Speaks to the broker by itself, for the program's own way may change.
 */
public final class GoldenBroker {
  private static final String FILE = "amqp-0.1.0.txt";
  private static final Map<String, Object> TASKS =
      Map.of("x-max-priority", 10, "x-dead-letter-exchange", "penstock.dead");
  private static final Map<String, Object> DEAD =
      Map.of("x-max-length", 10_000, "x-max-length-bytes", 256L << 20);

  private GoldenBroker() {}

  /** One message of the file. */
  private record Message(String queue, String exchange, String key, String said, byte[] body) {

    AMQP.BasicProperties properties() {
      var properties =
          new AMQP.BasicProperties.Builder()
              .deliveryMode(Integer.valueOf(property("delivery-mode")))
              .priority(Integer.valueOf(property("priority")))
              .messageId(property("message-id"))
              .correlationId(property("correlation-id"))
              .build();
      var all = new StringBuilder();
      properties.appendPropertyDebugStringTo(all);
      assertThat(all).as("there are no others").hasToString(said);
      return properties;
    }

    private String property(String name) {
      Matcher found = Pattern.compile(name + "=([^,)]*)").matcher(said);
      assertThat(found.find()).as(name).isTrue();
      return found.group(1);
    }
  }

  private static List<Message> messages() throws IOException {
    List<Message> all = new ArrayList<>();
    for (String message : Golden.text(FILE).split("\n\n", 0)) {
      List<String> lines =
          message.lines().map(line -> line.substring(line.indexOf(' ') + 1)).toList();
      all.add(
          new Message(
              lines.get(0),
              lines.get(1),
              lines.get(2),
              lines.get(3),
              HexFormat.of().parseHex(lines.get(5))));
    }
    return all;
  }

  /** The messages themselves, without what is said beside them. */
  public static List<byte[]> bodies() throws IOException {
    return messages().stream().map(Message::body).toList();
  }

  /** Declares and publishes all that the file has. */
  public static void publish(RabbitServer server) throws Exception {
    var factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    try (Connection connection = factory.newConnection();
        Channel channel = connection.createChannel()) {
      channel.exchangeDeclare("penstock", "direct", true);
      for (String queue : List.of("penstock.dead", "penstock.unreadable")) {
        channel.queueDeclare(queue, true, false, false, DEAD);
      }
      channel.exchangeDeclare("penstock.dead", "fanout", true);
      channel.queueBind("penstock.dead", "penstock.dead", "");
      channel.confirmSelect();
      for (Message message : messages()) {
        channel.queueDeclare(message.queue(), true, false, false, TASKS);
        channel.queueBind(message.queue(), message.exchange(), message.key());
        channel.basicPublish(
            message.exchange(), message.key(), true, message.properties(), message.body());
      }
      channel.waitForConfirmsOrDie(20_000);
    }
  }
}
