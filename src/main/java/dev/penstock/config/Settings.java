package dev.penstock.config;

import dev.penstock.base.ByteSizes;
import dev.penstock.config.Setting.Form;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The program's own settings, each a {@link Setting} and nowhere else: reading, checking, its
 * environment variable and its lines in conf/penstock.yaml and the README follow from that entry.
 */
@ConfigMapping(prefix = "")
public interface Settings {

  @Setting(
      value = "What this process does: http (takes requests), inference (runs tasks), or both.",
      standard = "http,inference")
  List<Role> roles();

  /** Whether this process has the role. */
  default boolean has(Role role) {
    return roles().contains(role);
  }

  /** Whether this node hears of all others: those that share work need no cluster for it. */
  static boolean knowsAllNodes(Settings settings) {
    return settings.cluster().enabled() || !settings.rabbitmq().used();
  }

  /**
   * Who is silent for so long, and whose lease has lapsed, is dead: by then the dead have been
   * silent for twice as long. The living say that they are there four times as often.
   */
  static Duration silence(LeaseTimes lease) {
    Duration dead = lease.duration().minus(lease.extendEvery()).plus(lease.margin());
    Duration half = dead.dividedBy(2);
    if (half.compareTo(SHORTEST_SILENCE) < 0) {
      return SHORTEST_SILENCE;
    }
    return half.compareTo(LONGEST_SILENCE) < 0 ? half : LONGEST_SILENCE;
  }

  /** The shortest {@link #silence}. */
  Duration SHORTEST_SILENCE = Duration.ofMillis(250);

  /** The longest {@link #silence}. */
  Duration LONGEST_SILENCE = Duration.ofSeconds(15);

  Api api();

  Auth auth();

  Session session();

  Log log();

  Data data();

  Db db();

  TaskLimits task();

  @WithName("failed.ttl")
  @Setting(value = "Time a failed task is kept.", standard = "7d", range = "100ms to 365d")
  Duration failedTtl();

  @WithName("sync.ttl")
  @Setting(
      value = "Time the task behind a held request is kept.",
      standard = "60s",
      range = "100ms to 365d")
  Duration syncTtl();

  LeaseTimes lease();

  Store store();

  Redis redis();

  Http http();

  Shares shares();

  Inference inference();

  Llama llama();

  Model model();

  Models models();

  Plugins plugins();

  Shutdown shutdown();

  Poll poll();

  Rabbitmq rabbitmq();

  Cluster cluster();

  /** A part of the work that a process may take on. */
  enum Role {
    /** Takes requests. */
    HTTP,
    /** Runs tasks. */
    INFERENCE
  }

  interface Api {
    @Setting(
        value = "Address to listen on. Outside loopback, auth.token must not be a weak one.",
        standard = "127.0.0.1",
        form = Form.HOST)
    String host();

    @Setting(
        value = "TCP port; 0 takes any free one.",
        standard = "8000",
        range = "0 to 65535",
        also = "SERVER_PORT")
    int port();

    @Setting(
        value =
            "Web pages that may use the API from a browser, with a key: a list of origins such as "
                + "https://app.example.com, or * for all. Empty: none (docs/api.md).",
        form = Form.ORIGIN)
    Optional<List<String>> corsOrigins();
  }

  interface Auth {
    @Setting(
        value =
            "The API key clients send. Empty: one is generated and kept in data.dir, in the "
                + "file api-key.",
        allowed = "1 to 512 visible ASCII characters without spaces",
        matches = "[!-~]{1,512}",
        secret = true)
    Optional<String> token();

    @Setting(
        value =
            "Requests with a wrong key that an address may send in a minute; from then on each is "
                + "answered a second later.",
        standard = "30",
        range = "1 to 1000000")
    int wrongKeys();

    @Setting(
        value =
            "Whether programs on this machine may do without a key: true or false. They are "
                + "clients then, never admins; only where api.host is loopback (docs/api.md).",
        standard = "false")
    boolean none();
  }

  interface Session {
    @Setting(
        value = "Time a login to the dashboard may go unused.",
        standard = "30m",
        range = "1s to 7d")
    Duration idle();

    @Setting(
        value = "Time after which a login ends in any case.",
        standard = "12h",
        range = "1s to 30d")
    Duration max();

    @Setting(
        value =
            "When the session cookie is for TLS only: AUTO (a proxy's X-Forwarded-Proto says "
                + "https) or ALWAYS.",
        standard = "AUTO")
    Secure secure();

    /** When the session's cookie is for TLS only. */
    enum Secure {
      /** When the request came over TLS, as the proxy before us says. */
      AUTO,
      ALWAYS
    }
  }

  interface Log {
    @Setting(
        value = "Least severe messages to log: TRACE, DEBUG, INFO, WARN or ERROR.",
        standard = "INFO")
    Level level();

    @Setting(
        value =
            "What a record looks like: TEXT for people, or JSON for programs, an object a line.",
        standard = "TEXT")
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
    @Setting(
        value = "Folder for everything the program writes, temporary files apart.",
        standard = "data",
        allowed = "the path of a folder")
    Path dir();
  }

  interface Db {
    @Setting(
        value = "SQLite file with the queue and the tasks. Empty: penstock.db in data.dir.",
        allowed = "the path of a file")
    Path path();
  }

  interface TaskLimits {
    @Setting(
        value = "Time a completed task and its result are kept.",
        standard = "3600s",
        range = "100ms to 365d")
    Duration ttl();

    @Setting(
        value = "Runs a task gets that end in an error worth repeating.",
        standard = "3",
        range = "1 to 100")
    int maxAttempts();

    @Setting(
        value = "Leases a task may lose (its worker died or froze) before it fails.",
        standard = "10",
        range = "0 to 1000")
    int maxLost();

    @Setting(value = "Time one run of a task may take.", standard = "10m", range = "100ms to 7d")
    Duration timeout();

    @Setting(
        value =
            "Longest wait before the second attempt; it doubles with every attempt after that. "
                + "Before the last of three or more it is 32 times as long or longer.",
        standard = "1s",
        range = "1ms to 1d")
    Duration retryBase();

    @Setting(value = "Longest wait before any attempt.", standard = "5m", range = "1ms to 7d")
    Duration retryCap();
  }

  interface LeaseTimes {
    @Setting(
        value = "Time a worker holds a task without being heard from.",
        standard = "30s",
        range = "100ms to 1h")
    Duration duration();

    @Setting(
        value = "Time between two extensions of a running task's lease; less than lease.duration.",
        standard = "10s",
        range = "10ms to 1h")
    Duration extendEvery();

    @Setting(
        value = "Time between two searches for lapsed leases and expired tasks.",
        standard = "5s",
        range = "10ms to 1h")
    Duration sweepEvery();

    @Setting(
        value = "Time after its deadline at which a lease counts as lost.",
        standard = "10s",
        range = "0s to 1h")
    Duration margin();
  }

  interface Store {
    @WithConverter(ByteSizes.AsLong.class)
    @Setting(
        value = "Size the stored tasks may reach; above it the oldest ended ones go first.",
        standard = "8GiB",
        range = "1MiB to 1024TiB")
    long maxBytes();
  }

  interface Redis {
    @Setting(
        value =
            "Address of a Redis that keeps the tasks. Empty, and no redis.uri: they are in the "
                + "SQLite file.",
        form = Form.HOST)
    Optional<String> host();

    @Setting(value = "TCP port of Redis.", standard = "6379", range = "1 to 65535")
    int port();

    @Setting(
        value = "User to log in as. Empty: Redis's default user.",
        allowed = "1 to 256 visible ASCII characters without spaces",
        matches = "[!-~]{1,256}")
    Optional<String> username();

    @Setting(
        value = "Password of Redis. Empty: none.",
        allowed = "1 to 512 characters",
        matches = "\\P{Cntrl}{1,512}",
        secret = true)
    Optional<String> password();

    @Setting(
        value =
            "All of it in one, for example rediss://user:password@host:6379/0. Goes before "
                + "host and port.",
        form = Form.REDIS_URI,
        secret = true)
    Optional<String> uri();

    @Setting(value = "Whether to talk TLS to Redis: true or false.", standard = "false")
    boolean tls();

    @Setting(
        value = "File with the certificates to trust, as PEM. Empty: those that Java trusts.",
        allowed = "the path of a file")
    Optional<Path> caFile();

    @Setting(
        value = "Sentinels that know the master, a list of host:port; go before host and uri.",
        form = Form.NODE)
    Optional<List<String>> sentinels();

    @Setting(
        value = "Name by which the Sentinels know the master.",
        standard = "mymaster",
        allowed = "1 to 100 letters, digits, '.', '-' or '_'",
        matches = "[A-Za-z0-9._-]{1,100}")
    String masterName();

    @Setting(
        value = "Some nodes of a Redis Cluster, a list of host:port; go before host and uri.",
        form = Form.NODE)
    Optional<List<String>> clusterNodes();

    default boolean used() {
      return host().isPresent()
          || uri().isPresent()
          || sentinels().isPresent()
          || clusterNodes().isPresent();
    }
  }

  interface Http {
    @Setting(
        value = "Time a request is held open for its result.",
        standard = "120s",
        range = "100ms to 1h")
    Duration syncTimeout();

    @WithName("max-body")
    @WithConverter(ByteSizes.AsInt.class)
    @Setting(value = "Size of the largest request body.", standard = "4MiB", range = "1KiB to 1GiB")
    int maxBodyBytes();

    @Setting(
        value =
            "Number of requests held open for their results at a time; of chats as many beside them.",
        standard = "1024",
        range = "1 to 1000000")
    int maxHeldRequests();

    @Setting(
        value = "Time that work goes on after the last client waiting for it has gone.",
        standard = "5s",
        range = "0s to 1h")
    Duration abandonAfter();

    @Setting(
        value = "Number of open connections from one address.",
        standard = "1024",
        range = "1 to 1000000")
    int maxConnectionsPerAddress();

    @Setting(
        value =
            "Number of open connections over all addresses; 0: half of the file descriptors that "
                + "the process may open, but no more than one for each 128 KiB of heap.",
        standard = "0",
        range = "0 to 1000000")
    int maxConnections();

    @Setting(
        value = "Time a client may take to send a request.",
        standard = "30s",
        range = "100ms to 1h")
    Duration readTimeout();

    @Setting(value = "Time a connection may be idle.", standard = "75s", range = "1s to 1d")
    Duration idleTimeout();
  }

  /** What each key has of what all use, on this node. */
  interface Shares {
    @Setting(
        value =
            "Percent that one key may have of what all use together: held requests, event streams, "
                + "worker polls, bodies, connections of an address. The rest is for keys that have "
                + "little.",
        standard = "90",
        range = "1 to 100")
    int perKey();

    @Setting(
        value = "Number of held requests of one key; 0: shares.per-key of http.max-held-requests.",
        standard = "0",
        range = "0 to 1000000")
    int heldRequests();

    @Setting(
        value = "Number of event streams of one key; 0: shares.per-key of the 512 of all.",
        standard = "0",
        range = "0 to 512")
    int eventStreams();

    @Setting(
        value =
            "Number of lanes that the workers of one key wait on; 0: shares.per-key of the 2048 of "
                + "all.",
        standard = "0",
        range = "0 to 2048")
    int workerPolls();

    @Setting(
        value = "Number of searches for a text that one owner may have at a time.",
        standard = "1",
        range = "1 to 100")
    int searches();
  }

  interface Inference {
    @Setting(
        value =
            "What runs the models: auto, cpu or cuda:N. CUDA_VISIBLE_DEVICES empty or -1 turns "
                + "auto into cpu.",
        standard = "auto",
        allowed = "auto, cpu or cuda:N",
        matches = "auto|cpu|cuda:\\d{1,3}")
    String device();

    @Setting(
        value = "Number of model runs side by side; 0: calibrated, or chosen from the device.",
        standard = "0",
        range = "0 to 1024")
    int threads();

    @Setting(
        value =
            "Number of tokens in a batch, padding included; 0: calibrated, or chosen from the "
                + "device.",
        standard = "0",
        range = "0 to 10000000")
    int tokenBudget();

    @Setting(
        value = "Number of tasks leased at a time for each lane (a task type and its model).",
        standard = "256",
        range = "1 to 10000")
    int tasksInHand();
  }

  /** How models of GGUF files are opened. */
  interface Llama {
    @Setting(
        value = "Number of texts that a GGUF model makes side by side; more wait for their turn.",
        standard = "4",
        range = "1 to 64")
    int slots();

    @Setting(
        value =
            "Tokens of prompt and answer that each of them has room for, or fewer where the model "
                + "was trained for fewer; 0: as many as it was trained for.",
        standard = "4096",
        range = "0 to 100000000")
    int contextTokens();

    @Setting(
        value = "Number of threads that compute for a GGUF model; 0: all cores but one.",
        standard = "0",
        range = "0 to 512")
    int threads();

    @Setting(
        value =
            "Whether what a GGUF model has read is kept as it was computed, at twice the memory: an "
                + "answer is then the same alone and beside others. true or false.",
        standard = "false")
    boolean fullCache();
  }

  interface Model {
    @Setting(
        value = "List of the task types this process works on. Empty: all.",
        allowed = "the name of a task type",
        matches = "[a-z0-9_-]+")
    Optional<List<String>> type();

    @Setting(
        value = "List of the models this process works with, by name. Empty: all.",
        allowed = "the name of a model",
        matches = "[A-Za-z0-9][A-Za-z0-9._/:-]*")
    Optional<List<String>> key();

    @Setting(
        value =
            "Time a model may be idle before it is closed, the default one excepted; 0s: never "
                + "closed.",
        standard = "15m",
        range = "0s to 365d")
    Duration idleUnload();

    @Setting(
        value = "GiB of memory that open models may take together, by estimate; 0: no limit.",
        standard = "0",
        allowed = "a number from 0 to 99999, such as 2 or 0.5",
        matches = "\\d{1,5}(\\.\\d{1,3})?")
    double maxMemoryGb();

    @Setting(
        value =
            "Whether a child process opens each model of models.dir before this one does, and "
                + "dies in its place: true or false.",
        standard = "true")
    boolean trial();
  }

  interface Models {
    @Setting(
        value =
            "Path of a models.yaml to use in place of the one inside the program "
                + "(docs/models.md).",
        allowed = "the path of a file")
    Optional<Path> file();

    @Setting(
        value =
            "Folder with models of your own, a directory each, found while the program runs "
                + "too (docs/models.md).",
        standard = "models",
        allowed = "the path of a folder")
    Path dir();
  }

  interface Plugins {
    @Setting(
        value = "Folder whose jars bring further task types (docs/plugins.md); need not exist.",
        standard = "plugins",
        allowed = "the path of a folder")
    Path dir();
  }

  interface Rabbitmq {
    @Setting(
        value =
            "Broker that holds the queue, with redis.host for the tasks. Empty: both are in "
                + "the SQLite file.",
        form = Form.HOST)
    Optional<String> host();

    @Setting(value = "TCP port of the broker.", standard = "5672", range = "1 to 65535")
    int port();

    @Setting(
        value = "Account at the broker.",
        standard = "guest",
        allowed = "the name of a user",
        matches = "\\P{Cntrl}{1,255}")
    String user();

    @Setting(
        value =
            "Password of the account. For a broker outside this machine it must not be guest's.",
        standard = "guest",
        allowed = "a password",
        matches = "\\P{Cntrl}{1,512}",
        secret = true)
    String password();

    @Setting(
        value = "Virtual host at the broker.",
        standard = "/",
        allowed = "the name of a vhost",
        matches = "\\P{Cntrl}{1,255}")
    String vhost();

    @Setting(
        value =
            "URI (amqp:// or amqps://) to use in place of host, port, user, password and vhost.",
        form = Form.AMQP_URI,
        secret = true)
    Optional<String> uri();

    @Setting(
        value = "Whether to speak TLS to the broker and check its certificate: true or false.",
        standard = "false")
    boolean tls();

    @Setting(
        value = "File with the certificates to trust, as PEM. Empty: those that Java trusts.",
        allowed = "the path of a file")
    Optional<Path> caFile();

    @Setting(
        value = "What new queues are: CLASSIC or QUORUM. A queue that is there stays what it is.",
        standard = "CLASSIC")
    QueueType queueType();

    enum QueueType {
      CLASSIC,
      QUORUM
    }

    @Setting(
        value =
            "Number of messages of a lane here unacknowledged, shared by its owners, but 64 "
                + "for each at least.",
        standard = "512",
        range = "1 to 65535",
        also = "PREFETCH_COUNT")
    int prefetch();

    @Setting(
        value = "Time a submit waits for the broker to confirm its message.",
        standard = "10s",
        range = "100ms to 5m")
    Duration confirmTimeout();

    @Setting(
        value = "Time after which a message is acknowledged though its task still runs.",
        standard = "15m",
        range = "100ms to 25m")
    Duration ackHorizon();

    default boolean used() {
      return host().isPresent() || uri().isPresent();
    }
  }

  interface Poll {
    @Setting(
        value = "Time `penstock worker` lets pass from one poll that found nothing to the next.",
        standard = "1s",
        range = "10ms to 10m")
    Duration interval();
  }

  interface Cluster {
    @Setting(
        value = "Whether nodes tell each other of ended tasks and who is there: true or false.",
        standard = "false",
        also = "CLUSTER")
    boolean enabled();

    @Setting(
        value = "Name of the cluster; nodes of other names are left alone.",
        standard = "penstock",
        allowed = "a word of letters, digits, _ and -",
        matches = "[A-Za-z0-9_-]{1,100}")
    String name();

    @Setting(
        value =
            "Address of this machine that other nodes reach; nodes trust each other, so keep "
                + "it private.",
        standard = "127.0.0.1",
        form = Form.HOST)
    String host();

    @Setting(
        value = "TCP port of the membership protocol.",
        standard = "5701",
        range = "1 to 65535")
    int port();

    @Setting(
        value = "TCP port for events of other nodes; 0 takes any free one.",
        standard = "0",
        range = "0 to 65535")
    int busPort();

    @Setting(
        value =
            "Nodes to join, a list of host or host:port; a name stands for all addresses it "
                + "has.",
        form = Form.MEMBER)
    Optional<List<String>> members();

    @Setting(
        value =
            "File with this node's certificate, as PEM; needed outside loopback, with its key and "
                + "the authority's (docs/deployment.md).",
        allowed = "the path of a file")
    Optional<Path> certFile();

    @Setting(
        value = "File with the private key of cluster.cert-file, as PEM, without a passphrase.",
        allowed = "the path of a file")
    Optional<Path> keyFile();

    @Setting(
        value =
            "File with the certificate of the authority, as PEM, that certifies the nodes of this "
                + "cluster and nobody else.",
        allowed = "the path of a file")
    Optional<Path> caFile();

    @Setting(
        value =
            "Whether nobody but the nodes reaches their ports, so that they may do without "
                + "certificates outside loopback: true or false.",
        standard = "false")
    boolean closedNetwork();
  }

  interface Shutdown {
    @Setting(
        value = "Time running work may take to finish when the program is told to stop.",
        standard = "30s",
        range = "0s to 1h")
    Duration timeout();
  }
}
