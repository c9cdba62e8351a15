package dev.penstock.storage.rabbit;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.impl.DefaultExceptionHandler;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Opens connections to the broker of the settings, each of them fit to be thrown away. */
final class RabbitConnections {
  private static final int CONNECT_MILLIS = 5_000;
  private static final int ANSWER_MILLIS = 10_000;
  private static final int HEARTBEAT_SECONDS = 10;
  private static final int LARGEST_MESSAGE = 1 << 30;

  private final ConnectionFactory factory;

  RabbitConnections(Settings.Rabbitmq settings) {
    factory = factory(settings);
  }

  private static ConnectionFactory factory(Settings.Rabbitmq settings) {
    var factory = new ConnectionFactory();
    factory.setAutomaticRecoveryEnabled(false);
    factory.setTopologyRecoveryEnabled(false);
    factory.setConnectionTimeout(CONNECT_MILLIS);
    factory.setHandshakeTimeout(CONNECT_MILLIS);
    factory.setChannelRpcTimeout(ANSWER_MILLIS);
    factory.setRequestedHeartbeat(HEARTBEAT_SECONDS);
    factory.setMaxInboundMessageBodySize(LARGEST_MESSAGE);
    factory.setSharedExecutor(Executors.newVirtualThreadPerTaskExecutor());
    factory.setThreadFactory(Thread.ofPlatform().name("rabbitmq-", 0).daemon().factory());
    factory.setExceptionHandler(
        new DefaultExceptionHandler() {
          @Override
          public void handleUnexpectedConnectionDriverException(
              Connection connection, Throwable exception) {
            // The link hears of it by the shutdown of its connection, and says so.
          }
        });
    settings.host().ifPresent(factory::setHost);
    factory.setPort(settings.port());
    factory.setUsername(settings.user());
    factory.setPassword(settings.password());
    factory.setVirtualHost(settings.vhost());
    try {
      if (settings.uri().isPresent()) {
        factory.setUri(settings.uri().get());
      }
      if (settings.tls() || factory.isSSL()) {
        // The client's own default trusts every certificate.
        factory.useSslProtocol(
            settings.caFile().isPresent()
                ? trusting(settings.caFile().get())
                : SSLContext.getDefault());
        factory.enableHostnameVerification();
      }
    } catch (URISyntaxException | GeneralSecurityException e) {
      // Not with its cause, which quotes the URI and the password in it.
      throw new IllegalArgumentException("rabbitmq.uri is not one the client can use");
    }
    return factory;
  }

  /** TLS that trusts these certificates and no others. */
  private static SSLContext trusting(Path file) throws GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca-" + store.size(), each);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | CertificateException e) {
      throw new BadSettings("rabbitmq.ca-file = " + file + ": cannot be read: " + e);
    }
  }

  /** Blocks, for a bounded time. */
  Opened open() throws IOException, TimeoutException {
    var cork = new WriteBuffer();
    ConnectionFactory own = factory.clone();
    if (!own.isSSL()) {
      own.setSocketFactory(cork.sockets());
    } // else TLS makes sockets of its own, and the cork holds nothing back
    return new Opened(own.newConnection("penstock"), cork);
  }

  /** A connection, and what can hold back its writes. */
  record Opened(Connection connection, WriteBuffer cork) {}

  @Override
  public String toString() {
    return "RabbitMQ at " + factory.getHost() + ":" + factory.getPort();
  }
}
