package dev.penstock.config;

import dev.penstock.base.ByteSizes;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * Every setting. {@code conf/penstock.yaml} gives each key with its default and unit; an
 * environment variable with the key's name in capitals ({@code api.host}: {@code API_HOST})
 * overrides it, and the command line overrides that. {@link SettingsLoader} checks the ranges.
 */
@ConfigMapping(prefix = "")
public interface Settings {

  /** What this process does: names of {@link Role}, with commas between them. */
  String roles();

  /** Whether this process has the role. */
  default boolean has(Role role) {
    return Arrays.stream(roles().split(","))
        .anyMatch(name -> name.strip().equalsIgnoreCase(role.name()));
  }

  /** Whether this node hears of all others: those that share work need no cluster for it. */
  static boolean knowsAllNodes(Settings settings) {
    return settings.cluster().enabled() || !settings.rabbitmq().used();
  }

  Api api();

  Auth auth();

  Session session();

  Log log();

  Data data();

  Db db();

  TaskLimits task();

  @WithName("failed.ttl")
  Duration failedTtl();

  @WithName("sync.ttl")
  Duration syncTtl();

  LeaseTimes lease();

  Store store();

  Redis redis();

  Http http();

  Embedding embedding();

  Inference inference();

  Ping ping();

  Model model();

  Models models();

  Plugins plugins();

  Shutdown shutdown();

  Rabbitmq rabbitmq();

  Poll poll();

  Cluster cluster();

  /** A part of the work that a process may take on. */
  enum Role {
    /** Takes requests. */
    HTTP,
    /** Runs tasks. */
    INFERENCE
  }

  interface Api {
    String host();

    /** 0: any free port. */
    int port();
  }

  interface Auth {
    /** Absent: a key is generated and kept in the data folder. */
    Optional<String> token();
  }

  interface Session {
    /** How long a login may go unused. */
    Duration idle();

    /** How long a login may last. */
    Duration max();

    Secure secure();

    /** When the session's cookie is for TLS only. */
    enum Secure {
      /** When the request came over TLS, as the proxy before us says. */
      AUTO,
      ALWAYS
    }
  }

  interface Log {
    Level level();

    Format format();

    enum Format {
      TEXT,
      JSON
    }

    enum Level {
      TRACE,
      DEBUG,
      INFO,
      WARN,
      ERROR
    }
  }

  interface Data {
    /** Everything the program writes lies below it, temporary files apart. */
    Path dir();
  }

  interface Db {
    Path path();
  }

  interface TaskLimits {
    /** How long a completed task is kept. */
    Duration ttl();

    int maxAttempts();

    /** How many lost leases a task may have before it fails. */
    int maxLost();

    /** How long one run may take. */
    Duration timeout();

    Duration retryBase();

    Duration retryCap();
  }

  interface LeaseTimes {
    Duration duration();

    Duration extendEvery();

    Duration sweepEvery();

    /** How long after its deadline a lease counts as lost. */
    Duration margin();
  }

  interface Store {
    /** Above it the oldest completed tasks go first. */
    @WithConverter(ByteSizes.AsLong.class)
    long maxBytes();
  }

  interface Redis {
    /** With neither a host nor a URI the tasks are kept in the SQLite file. */
    Optional<String> host();

    int port();

    /** Absent: Redis's default user. */
    Optional<String> username();

    Optional<String> password();

    /** Holds the password, in place of {@link #password}. */
    Optional<Path> passwordFile();

    /** Says all of the above in one; goes before host and port. */
    Optional<String> uri();

    boolean tls();

    /** Certificates to trust in place of Java's own, as PEM. */
    Optional<Path> caFile();

    /** host:port of each Sentinel, with commas between them; goes before host, port and URI. */
    Optional<String> sentinels();

    /** What the Sentinels call the master. */
    String masterName();

    /** host:port of some nodes of a cluster; goes before host, port and URI. */
    Optional<String> clusterNodes();

    default boolean used() {
      return host().isPresent()
          || uri().isPresent()
          || sentinels().isPresent()
          || clusterNodes().isPresent();
    }
  }

  interface Http {
    /** How long a request is held open for its result. */
    Duration syncTimeout();

    @WithName("max-body")
    @WithConverter(ByteSizes.AsInt.class)
    int maxBodyBytes();

    int maxHeldRequests();

    /** How long work goes on that nobody waits for any more. */
    Duration abandonAfter();

    int maxConnectionsPerAddress();

    /** How long a client may take to send a request. */
    Duration readTimeout();

    /** How long a connection may be idle. */
    Duration idleTimeout();
  }

  interface Embedding {
    /** The model of requests that name none. */
    String model();

    /** Whether held requests are run without a task where they need not wait. */
    boolean direct();

    /** Bytes that vectors may take that are kept for texts sent again; 0: none are kept. */
    @WithConverter(ByteSizes.AsLong.class)
    long cache();
  }

  interface Inference {
    /** auto, cpu or cuda:N. */
    String device();

    /** Model runs side by side; 0: calibrated, or chosen from the device. */
    int threads();

    /** Padded tokens a batch may have; 0: calibrated, or chosen from the device. */
    int tokenBudget();

    /** Tasks leased at a time for each model. */
    int tasksInHand();
  }

  interface Ping {
    /** Whether a ping task may end the process it runs in: for trying out faults. */
    boolean allowCrash();
  }

  interface Model {
    /** The task types this process works on, with commas between them; empty: all. */
    Optional<String> type();

    /** The models this process works with, with commas between them; empty: all. */
    Optional<String> key();

    /** How long a model may be idle before it is closed; zero: for ever. */
    Duration idleUnload();

    /** GiB that open models may take together; 0: no limit. */
    double maxMemoryGb();
  }

  interface Models {
    /** A models.yaml to use in place of the one inside the program. */
    Optional<Path> file();

    /** Holds models, a directory each. Need not be there. */
    Path dir();
  }

  interface Plugins {
    /** Jars with task handlers; need not exist. */
    Path dir();
  }

  interface Rabbitmq {
    /** Absent, as {@link #uri}: the queue is in the SQLite file. */
    Optional<String> host();

    int port();

    String user();

    String password();

    /** Holds the password in its first line; goes before {@link #password}. */
    Optional<Path> passwordFile();

    String vhost();

    /** Goes before host, port, user, password and vhost. */
    Optional<String> uri();

    boolean tls();

    /** Certificates to trust in place of Java's own, as PEM. */
    Optional<Path> caFile();

    /** What new queues are; those that are there stay what they are. */
    QueueType queueType();

    enum QueueType {
      CLASSIC,
      QUORUM
    }

    /** Messages of a lane that may be here without being acknowledged. */
    int prefetch();

    /** How long a publish waits for the broker's confirm. */
    Duration confirmTimeout();

    /** How long a message may go unacknowledged; after it the store's lease alone counts. */
    Duration ackHorizon();

    default boolean used() {
      return host().isPresent() || uri().isPresent();
    }
  }

  interface Poll {
    /** How long a remote worker lets pass from one poll that found nothing to the next. */
    Duration interval();
  }

  interface Cluster {
    /** Whether nodes talk to each other. */
    boolean enabled();

    /** Nodes of one name form a cluster. */
    String name();

    /** The address that this node listens on for others, and is known by. */
    String host();

    /** Where membership is talked about. */
    int port();

    /** Where events come in; 0: any free port. */
    int busPort();

    /** Other nodes, with commas between them; a name stands for all its addresses. */
    Optional<String> members();
  }

  interface Shutdown {
    /** How long running work may take to finish. */
    Duration timeout();
  }
}
