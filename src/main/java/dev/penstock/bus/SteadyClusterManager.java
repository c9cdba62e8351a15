package dev.penstock.bus;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.config.Config;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.core.LifecycleEvent;
import com.hazelcast.instance.impl.HazelcastInstanceFactory;
import com.hazelcast.instance.impl.NodeContext;
import dev.penstock.core.Part;
import io.vertx.core.Completable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.spi.cluster.NodeInfo;
import io.vertx.core.spi.cluster.RegistrationInfo;
import io.vertx.core.spi.cluster.RegistrationListener;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Says again and again where this node listens. Where a cluster fell apart and merges, a node that
 * still tidies up after those it had lost takes away what they have put into the map that they
 * share again; they would not hear of it, and nobody would be heard by them.
 */
final class SteadyClusterManager extends HazelcastClusterManager {
  /** After a change of members, what was looked up about the others may be out of date. */
  private static final long UNSETTLED = Duration.ofMinutes(2).toNanos();

  private record Registration(String address, RegistrationInfo info) {}

  private final Set<Registration> own = ConcurrentHashMap.newKeySet();
  private volatile @Nullable RegistrationListener listener;
  private final AtomicBoolean saying = new AtomicBoolean();
  private volatile long changedAt = System.nanoTime();

  /** Made here, and to be ended here; null: Vert.x makes and ends it. */
  private final @Nullable HazelcastInstance instance;

  private final boolean expectsOthers;
  private volatile boolean metOthers;

  /**
   * @param expectsOthers whether nodes are named that should be there
   */
  SteadyClusterManager(Config config, boolean expectsOthers) {
    super(config);
    instance = null;
    this.expectsOthers = expectsOthers;
  }

  private SteadyClusterManager(HazelcastInstance instance, boolean expectsOthers) {
    super(instance);
    this.instance = instance;
    this.expectsOthers = expectsOthers;
  }

  /** One that has joined, with connections of the context's kind. Blocks. */
  static SteadyClusterManager join(Config config, NodeContext context, boolean expectsOthers) {
    // As Vert.x does it where it makes the instance.
    config.getMemberAttributeConfig().setAttribute("__vertx.nodeId", UUID.randomUUID().toString());
    return new SteadyClusterManager(
        HazelcastInstanceFactory.newHazelcastInstance(config, null, context), expectsOthers);
  }

  /** There is no Vert.x that would leave. */
  void leftAlone() {
    if (instance != null) {
      instance.shutdown();
    }
  }

  @Override
  public void leave(Completable<Void> promise) {
    Promise<Void> left = Promise.promise();
    super.leave(left);
    left.future()
        .onComplete(result ->
            Thread.ofVirtual()
                .name("leave")
                .start(() -> {
                  leftAlone();
                  promise.complete(null, result.cause());
                }));
  }

  /**
   * Whether this node is among others. One that is alone and should not be goes on, for the work is
   * in the store: were it not ready, both halves of a split would take themselves away.
   */
  Part health() {
    int nodes;
    try {
      nodes = isActive() ? getNodes().size() : 0;
    } catch (HazelcastInstanceNotActiveException _) {
      nodes = 0;
    }
    if (nodes == 0) {
      return new Part("cluster", false, "this node has fallen out of the cluster: start it again");
    } else if (nodes > 1) {
      metOthers = true;
      return new Part("cluster", true, nodes + " nodes are there");
    }
    return metOthers || expectsOthers
        ? Part.degraded(
            "cluster",
            "this node is alone: it hears of ended tasks and cancels late (cluster.members)")
        : new Part("cluster", true, "no other node has come so far");
  }

  @Override
  public void registrationListener(RegistrationListener listener) {
    this.listener = listener;
    super.registrationListener(listener);
  }

  @Override
  public void addRegistration(String address, RegistrationInfo info, Completable<Void> promise) {
    if (!info.localOnly()) {
      own.add(new Registration(address, info));
    }
    super.addRegistration(address, info, promise);
  }

  @Override
  public void removeRegistration(String address, RegistrationInfo info, Completable<Void> promise) {
    own.remove(new Registration(address, info));
    super.removeRegistration(address, info, promise);
  }

  @Override
  public synchronized void memberAdded(MembershipEvent event) {
    changedAt = System.nanoTime();
    metOthers = true;
    super.memberAdded(event);
  }

  @Override
  public synchronized void memberRemoved(MembershipEvent event) {
    changedAt = System.nanoTime();
    super.memberRemoved(event);
  }

  @Override
  public synchronized void stateChanged(LifecycleEvent event) {
    changedAt = System.nanoTime();
    super.stateChanged(event);
  }

  /**
   * Says once more where this node listens; what is there already changes nothing. Does not block;
   * called on an event loop. Does nothing where the last round has not ended: Hazelcast may be slow
   * just when members come and go.
   */
  void sayAgain(Vertx vertx) {
    if (!isActive() || !saying.compareAndSet(false, true)) {
      return;
    }
    // The lock of the manager may be held for as long as a member's traces are removed.
    vertx
        .executeBlocking(this::getNodeInfo, false)
        .compose(self -> self == null ? Future.succeededFuture() : sayAgain(vertx, self))
        .onComplete(_ -> {
          saying.set(false);
          RegistrationListener cache = listener;
          if (cache != null && System.nanoTime() - changedAt < UNSETTLED) {
            cache.registrationsLost();
          }
        });
  }

  private Future<?> sayAgain(Vertx vertx, NodeInfo self) {
    List<Future<?>> said = new ArrayList<>();
    said.add(
        vertx.executeBlocking(
            () -> {
              setNodeInfo(self, Promise.promise());
              return null;
            },
            false));
    for (Registration each : own) {
      Promise<Void> one = Promise.promise();
      super.addRegistration(each.address, each.info, one);
      said.add(
          one.future()
              .onSuccess(_ -> {
                if (!own.contains(each)) { // It was taken back meanwhile.
                  super.removeRegistration(each.address, each.info, Promise.promise());
                }
              }));
    }
    return Future.join(said);
  }
}
