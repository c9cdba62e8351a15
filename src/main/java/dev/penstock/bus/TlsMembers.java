package dev.penstock.bus;

import com.hazelcast.cluster.Address;
import com.hazelcast.instance.EndpointQualifier;
import com.hazelcast.instance.impl.DefaultNodeContext;
import com.hazelcast.instance.impl.DefaultNodeExtension;
import com.hazelcast.instance.impl.Node;
import com.hazelcast.instance.impl.NodeExtension;
import com.hazelcast.internal.networking.Channel;
import com.hazelcast.internal.networking.ChannelInitializer;
import com.hazelcast.internal.server.ServerContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts TLS below the protocol of Hazelcast's members, which its open version lacks: nothing that a
 * stranger sends is looked at, and what members say to each other nobody else reads.
 */
final class TlsMembers extends DefaultNodeContext {
  private static final Logger LOG = LoggerFactory.getLogger(TlsMembers.class);

  /** Connections that have not shown a certificate: so many at a time, for so long. */
  private static final int MOST_STRANGERS = 64;

  private static final long PATIENCE = Duration.ofSeconds(10).toNanos();

  private record Stranger(Channel channel, TlsLink link, long since) {
    boolean over() {
      return link.open() || channel.isClosed();
    }
  }

  private final SSLContext context;
  private final Set<InetSocketAddress> told = ConcurrentHashMap.newKeySet();
  private final Deque<Stranger> strangers = new ArrayDeque<>();

  TlsMembers(SSLContext context) {
    this.context = context;
  }

  @Override
  public NodeExtension createNodeExtension(Node node) {
    return new DefaultNodeExtension(node) {
      @Override
      public Function<EndpointQualifier, ChannelInitializer> createChannelInitializerFn(
          ServerContext server) {
        Function<EndpointQualifier, ChannelInitializer> plain =
            super.createChannelInitializerFn(server);
        return qualifier -> {
          ChannelInitializer protocol = plain.apply(qualifier);
          return channel -> secure(server, channel, protocol);
        };
      }
    };
  }

  private void secure(ServerContext server, Channel channel, ChannelInitializer protocol)
      throws Exception {
    var link = TlsLink.around(channel, context, protocol);
    if (channel.isClientMode()) {
      channel.addCloseListener(closed -> {
        if (!link.heard() && closed.remoteSocketAddress() instanceof InetSocketAddress other) {
          refused(server, other);
        }
      });
    } else {
      came(new Stranger(channel, link, System.nanoTime()));
    }
  }

  /**
   * Somebody is there and is no member for us. To Hazelcast that is nobody, as where nothing
   * listens; otherwise it would try for minutes, and then end.
   */
  private void refused(ServerContext server, InetSocketAddress other) {
    if (told.add(other) && told.size() <= MOST_STRANGERS) {
      LOG.warn(
          "{} is there, but it and this node do not take each other's certificates, or it has none"
              + " (cluster.cert-file, cluster.ca-file)",
          other);
    }
    server.onFailedConnection(new Address(other));
  }

  /** Whoever has not come in by now makes room. */
  private synchronized void came(Stranger stranger) throws IOException {
    strangers.removeIf(Stranger::over);
    while (!strangers.isEmpty()
        && (strangers.size() >= MOST_STRANGERS
            || stranger.since - strangers.getFirst().since > PATIENCE)) {
      strangers.removeFirst().channel.close();
    }
    strangers.addLast(stranger);
  }
}
