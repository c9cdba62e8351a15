package dev.penstock.storage.redis;

import static java.util.Objects.requireNonNull;

import dev.penstock.base.Backoff;
import dev.penstock.base.Unavailable;
import dev.penstock.config.Settings;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisCluster;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to Redis, shared by all callers, whose commands travel one behind the other. A
 * virtual thread of its own makes it, looks after it every second and makes another when it is lost
 * or gives no answer.
 */
final class RedisLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RedisLink.class);

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration SHORTEST_WAIT = Duration.ofMillis(50);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  private final Vertx vertx;
  private final RedisOptions options;
  private final String name;
  private final Duration limit;
  private final Thread keeper;
  private final CountDownLatch tried = new CountDownLatch(1);
  private final CountDownLatch closing = new CountDownLatch(1);

  /** The keeper's own. */
  private boolean warned;

  private volatile @Nullable RedisConnection connection;
  private volatile @Nullable String trouble = "is not connected yet";
  private volatile RedisMemory memory = RedisMemory.UNKNOWN;

  private RedisLink(Vertx vertx, RedisOptions options, String name, Duration limit) {
    this.vertx = vertx;
    this.options = options;
    this.name = name;
    this.limit = limit;
    this.keeper = Thread.ofVirtual().name("redis").unstarted(this::keep);
  }

  /**
   * Waits for the first try to connect; when it fails, others follow.
   *
   * @param limit how long any answer may take
   */
  static RedisLink open(Vertx vertx, Settings.Redis settings, Duration limit) {
    var link =
        new RedisLink(vertx, RedisAddress.options(settings), RedisAddress.name(settings), limit);
    link.keeper.start();
    try {
      if (!link.tried.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("{} has not answered yet", link.name);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return link;
  }

  /** How long any answer may take. */
  Duration limit() {
    return limit;
  }

  /** Why it cannot be used; empty when it can. */
  Optional<String> trouble() {
    String known = trouble;
    return known == null ? fullness() : Optional.of(name + " " + known);
  }

  /** How full it is now; otherwise that is known to the second. */
  RedisMemory memoryNow() {
    RedisConnection current = connection;
    if (current == null) {
      String why = name + " " + (trouble == null ? "is not connected" : trouble);
      throw Unavailable.refused(why, new IOException(why));
    }
    try {
      memory = fullest(current);
      return memory;
    } catch (ExecutionException | TimeoutException e) {
      throw Unavailable.refused(name + ": " + RedisFailures.describe(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.refused("interrupted", e);
    }
  }

  /** Says so when new tasks do not fit any more. */
  Optional<String> fullness() {
    RedisMemory now = memory;
    return trouble == null && now.nearlyFull()
        ? Optional.of("%s is nearly full: %d of %d bytes".formatted(name, now.used(), now.most()))
        : Optional.empty();
  }

  Response send(RedisCall call) {
    return send(List.of(call)).getFirst();
  }

  /**
   * Sends all, one behind the other, and waits for the answers, which come in order. They are not
   * one transaction, and {@code RedisConnection.batch} is not for them: it answers one error for
   * all, and then nobody knows which were done.
   */
  List<Response> send(List<RedisCall> calls) {
    if (Context.isOnEventLoopThread()) {
      throw new IllegalStateException("an event loop must not wait for Redis");
    }
    RedisConnection current = connection;
    if (current == null) {
      String why = name + " " + (trouble == null ? "is not connected" : trouble);
      throw Unavailable.refused(why, new IOException(why));
    }
    List<Future<Response>> sent = new ArrayList<>(calls.size());
    for (RedisCall call : calls) {
      sent.add(send(current, call));
    }
    return answers(sent);
  }

  private static Future<Response> send(RedisConnection connection, RedisCall call) {
    Supplier<Request> withText = call.withText();
    Future<@Nullable Response> answer = connection.send(call.request());
    if (withText != null) {
      answer =
          answer.recover(failure ->
              RedisFailures.isAnswer(failure, "NOSCRIPT")
                  ? connection.send(withText.get())
                  : Future.failedFuture(failure));
    }
    // Nothing that is sent here is answered with nil: single values are asked for as lists of one.
    return answer.<Response>map(response -> requireNonNull(response));
  }

  private List<Response> answers(List<Future<Response>> sent) {
    long until = System.nanoTime() + limit.toNanos();
    List<Response> answers = new ArrayList<>(sent.size());
    RedisFailures failures = new RedisFailures(name);
    for (Future<Response> future : sent) {
      try {
        answers.add(await(future, Duration.ofNanos(until - System.nanoTime())));
      } catch (ExecutionException e) {
        failures.add(e.getCause() == null ? e : e.getCause());
      } catch (TimeoutException e) {
        failures.add(new TimeoutException("no answer within " + limit.toMillis() + " ms"));
        break;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failures.add(e);
        break;
      }
    }
    failures.throwIfAny(answers.isEmpty());
    return answers;
  }

  /** Future.await with a limit is known to stall; this way the thread just waits. */
  private static <T> T await(Future<T> future, Duration limit)
      throws ExecutionException, InterruptedException, TimeoutException {
    return future
        .toCompletionStage()
        .toCompletableFuture()
        .get(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
  }

  private void keep() {
    var backoff = new Backoff(SHORTEST_WAIT, LONGEST_WAIT);
    boolean lost = false;
    while (closing.getCount() > 0) {
      long began = System.nanoTime();
      // Each connection has a client of its own, which closes it for good.
      Redis client = Redis.createClient(vertx, options);
      try {
        serve(client, lost);
      } catch (InterruptedException e) {
        break;
      } catch (ExecutionException | TimeoutException | RuntimeException e) {
        String why = RedisFailures.describe(e);
        connection = null; // First: who knows of the trouble must not meet the connection any more.
        trouble = "cannot be used: " + why;
        if (!lost && closing.getCount() > 0) {
          LOG.warn("{} cannot be used, trying again until it can: {}", name, why);
        }
        lost = true;
      } finally {
        connection = null;
        client.close();
        tried.countDown();
      }
      if (System.nanoTime() - began > LONGEST_WAIT.toNanos()) {
        backoff.reset(); // it lasted
      }
      if (backoff.await(closing)) {
        break;
      }
    }
    trouble = "is closed";
  }

  /** Connects and looks after the connection; throws when it is lost, returns when closing. */
  private void serve(Redis client, boolean again)
      throws ExecutionException, InterruptedException, TimeoutException {
    RedisConnection opened = await(client.connect(), limit);
    CountDownLatch ended = new CountDownLatch(1);
    opened.endHandler(_ -> ended.countDown()).exceptionHandler(_ -> ended.countDown());
    for (RedisScript script : RedisScript.values()) {
      everyMaster(opened, Request.cmd(Command.SCRIPT).arg("LOAD").arg(script.text()));
    }
    look(opened);
    if (again) {
      LOG.info("{} can be used", name);
    }
    if (!warned) {
      RedisAddress.warnOfLoss(name, memory, info(opened, "persistence"));
      warned = true;
    }
    connection = opened;
    trouble = null;
    tried.countDown();
    while (!ended.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
      look(opened);
      if (closing.getCount() == 0) {
        return;
      }
    }
    throw new IllegalStateException("the connection is lost");
  }

  private void look(RedisConnection opened)
      throws ExecutionException, InterruptedException, TimeoutException {
    memory = fullest(opened);
    if (options.getType() == RedisClientType.SENTINEL) {
      checkMaster(opened);
    }
  }

  /** The fullest one counts: any task may belong there. */
  private RedisMemory fullest(RedisConnection opened)
      throws ExecutionException, InterruptedException, TimeoutException {
    return info(opened, "memory").stream()
        .map(RedisMemory::of)
        .max(Comparator.comparingDouble(RedisMemory::share))
        .orElse(RedisMemory.UNKNOWN);
  }

  /** After a failover the old master may come back as a replica on the same connection. */
  private void checkMaster(RedisConnection opened)
      throws ExecutionException, InterruptedException, TimeoutException {
    String role = await(send(opened, RedisCall.of(Command.ROLE)), limit).get(0).toString();
    if (!role.equals("master")) {
      throw new IllegalStateException("it is a " + role + " now");
    }
  }

  /** What each master answers; there is one, unless this is a cluster. */
  private List<Response> everyMaster(RedisConnection opened, Request request)
      throws ExecutionException, InterruptedException, TimeoutException {
    return options.getType() == RedisClientType.CLUSTER
        ? await(RedisCluster.create(opened).onAllMasterNodes(request), limit)
        : List.of(await(send(opened, new RedisCall(request, null)), limit));
  }

  /** Empty where the user may not ask. */
  private List<String> info(RedisConnection opened, String section)
      throws ExecutionException, InterruptedException, TimeoutException {
    try {
      return everyMaster(opened, Request.cmd(Command.INFO).arg(section)).stream()
          .map(Response::toString)
          .toList();
    } catch (ExecutionException e) {
      if (RedisFailures.isAnswer(e.getCause(), "NOPERM")) {
        return List.of();
      }
      throw e;
    }
  }

  @Override
  public void close() {
    closing.countDown();
    keeper.interrupt();
    try {
      keeper.join(limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
