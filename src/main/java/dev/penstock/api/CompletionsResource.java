package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.Submitter.Begun;
import dev.penstock.api.Submitter.Submitted;
import dev.penstock.api.Waiters.Waiter;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.config.Settings;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.pieces.PieceHub;
import dev.penstock.pieces.Position;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.generation.AnswerChunks;
import dev.penstock.types.generation.GenerationInput;
import dev.penstock.types.generation.GenerationInput.Shape;
import dev.penstock.types.generation.GenerationSettings;
import dev.penstock.types.generation.GenerationType;
import dev.penstock.web.Answer;
import dev.penstock.web.ApiError;
import dev.penstock.web.EventStream;
import dev.penstock.web.Exchange;
import dev.penstock.web.LongReply;
import dev.penstock.web.Refusal;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /v1/chat/completions} and {@code /v1/completions}: a durable task whose caller holds the
 * line for its pieces or for all of it, or takes the task's id where it says that it would.
 */
final class CompletionsResource {
  private static final Logger LOG = LoggerFactory.getLogger(CompletionsResource.class);

  /** A message about a field begins with its name. */
  private static final Pattern FIELD = Pattern.compile("'([A-Za-z_][\\w.\\[\\]-]*)' .*");

  /** Before that a failure still has a status of its own. */
  private static final Duration SILENT = Duration.ofSeconds(10);

  private final Settings settings;
  private final GenerationSettings own;
  private final ModelCatalogue models;
  private final TaskTypes types;
  private final Submitter submitter;
  private final PieceHub pieces;
  private final Bus bus;
  private final String node;

  CompletionsResource(
      Settings settings,
      ModelCatalogue models,
      TaskTypes types,
      Submitter submitter,
      PieceHub pieces,
      Bus bus,
      String node) {
    this.settings = settings;
    this.own = types.settings(GenerationSettings.class);
    this.models = models;
    this.types = types;
    this.submitter = submitter;
    this.pieces = pieces;
    this.bus = bus;
    this.node = node;
  }

  /**
   * What a request asks for.
   *
   * @param patience null: its caller takes no id in place of the answer
   * @param theirsOnly nobody but those who wait for it will know of the task
   * @param preferred whether it is a header that says it takes an id
   */
  private record Wanted(
      GenerationInput input,
      @Nullable Patience patience,
      boolean preferred,
      boolean theirsOnly,
      Duration hold,
      TaskSpec spec) {

    /** Nobody is to find it once it was answered. */
    boolean leaves() {
      return theirsOnly && Boolean.FALSE.equals(input.reply().store());
    }
  }

  Answer chat(Exchange exchange) throws InterruptedException {
    return create(exchange, Shape.CHAT);
  }

  Answer text(Exchange exchange) throws InterruptedException {
    return create(exchange, Shape.TEXT);
  }

  private Answer create(Exchange exchange, Shape shape) throws InterruptedException {
    Wanted wanted = read(exchange, shape);
    exchange.bodyIsRead();
    return wanted.input.reply().stream() ? stream(exchange, wanted) : whole(exchange, wanted);
  }

  private Wanted read(Exchange exchange, Shape shape) {
    JsonNode body = StrictJson.parse(exchange.body());
    Fields fields = Fields.of(body);
    ModelSpec model = TaskRequests.model(fields, models, types, GenerationType.NAME);
    GenerationInput input = GenerationInput.read(fields, shape);
    Patience said = Patience.of(fields);
    Patience patience = said != null ? said : Patience.of(exchange.header("Prefer"));
    Priority usual = input.reply().flex() ? Priority.BULK : Priority.HELD;
    Priority priority = TaskRequests.priority(fields, usual, exchange.caller());
    IdempotencyKey key = IdempotencyKey.of(exchange);
    boolean theirsOnly =
        patience == null && key == null && !Boolean.TRUE.equals(input.reply().store());
    Identity identity =
        key == null
            ? null
            : key.identity(
                shape == Shape.CHAT ? "chat/completions" : "completions",
                body,
                Patience.FIELD,
                "stream",
                "stream_options");
    var spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(
                new Lane(GenerationType.NAME, model.name()), priority, input.toJson(), null),
            new TaskSpec.Limits(settings.task().maxAttempts(), own.timeout()),
            HeldReplies.kept(settings, theirsOnly),
            new TaskSpec.Origin(
                exchange.caller().owner(), TaskRequests.metadata(fields), identity, node));
    exchange.about(spec.id());
    Duration hold = patience == null ? own.syncTimeout() : patience.hold();
    return new Wanted(input, patience, patience != null && said == null, theirsOnly, hold, spec);
  }

  private Answer whole(Exchange exchange, Wanted wanted) throws InterruptedException {
    Submitted submitted = submitter.submit(wanted.spec, wanted.hold, exchange, wanted.theirsOnly);
    exchange.about(submitted.id());
    if (submitted.ended().isEmpty()) {
      return later(wanted, submitted.id());
    }
    boolean replayed = submitted.earlier().isPresent();
    Task task = submitter.withResult(exchange, submitted.ended().get());
    Instant came = replayed ? exchange.came() : task.createdAt();
    if (wanted.leaves()) {
      forget(task.id());
    }
    LongReply reply = ended(task, wanted.input.shape(), replayed);
    return reply.with(HeldReplies.times(exchange, task, came));
  }

  private static Answer later(Wanted wanted, TaskId id) {
    if (wanted.patience == null) {
      throw HeldReplies.pending(id);
    }
    return HeldReplies.accepted(id, wanted.preferred);
  }

  /** The whole answer, or why there is none. */
  static LongReply ended(Task task, Shape shape, boolean replayed) {
    TaskOutput output = task.output();
    if (task.state() != TaskState.COMPLETED || output == null) {
      throw refused(task, shape, replayed);
    }
    var headers = new LinkedHashMap<String, String>();
    headers.put("X-Task-Id", task.id().value());
    headers.putAll(GenerationInput.ANSWER.headers(output));
    if (replayed) {
      headers.put(IdempotencyKey.REPLAYED, "true");
    }
    return LongReply.json(200, json -> GenerationInput.ANSWER.write(json, output, null))
        .with(headers);
  }

  private static Refusal refused(Task task, Shape shape, boolean replayed) {
    ApiError failure = failure(task, shape);
    String hint = replayed ? IdempotencyKey.hint(task) : null;
    return new Refusal(hint == null ? failure : failure.saying(hint), task.id());
  }

  /** A run does not know how a field is called at the route, but for what it says of it. */
  static ApiError failure(Task task, Shape shape) {
    ApiError failure = TaskJson.failure(task);
    TaskError error = task.error();
    if (error == null || failure.status() != 400) {
      return failure;
    }
    if (error.code() == TaskError.Code.CONTEXT_LENGTH_EXCEEDED) {
      return failure.withParam(shape == Shape.CHAT ? "messages" : "prompt");
    }
    Matcher named = FIELD.matcher(error.message());
    return named.matches() ? failure.withParam(named.group(1)) : failure;
  }

  private void forget(TaskId id) {
    try {
      bus.ask(new DeleteTask(id), OwnTasks.LIMIT);
    } catch (Unavailable e) {
      LOG.debug("task {}: it leaves when its time comes: {}", id, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The 200 goes out with the first piece, or once the wait for it has become long. */
  private Answer stream(Exchange exchange, Wanted wanted) throws InterruptedException {
    long from = System.nanoTime();
    Begun begun = submitter.begin(wanted.spec, exchange, wanted.theirsOnly);
    Waiter waiter = begun.waiter();
    TaskId id = waiter.id();
    exchange.about(id);
    GenerationInput input = wanted.input;
    boolean replayed = begun.earlier().isPresent();
    var stream = new AnswerStream(exchange, submitter, id, new Held(wanted, waiter));
    boolean streams = false;
    try {
      waiter.bell(stream::ring);
      stream.read(
          pieces,
          Position.START,
          new AnswerChunks(
              input.shape(),
              id.value(),
              created(id),
              String.valueOf(wanted.spec.lane().model()),
              input.reply().usage(),
              false));
      boolean mayLeave = wanted.patience != null || wanted.hold.compareTo(SILENT) < 0;
      stream.first((mayLeave ? wanted.hold : SILENT).minusNanos(System.nanoTime() - from));
      Optional<Task> over = stream.over();
      if (over.isPresent() && over.get().state() != TaskState.COMPLETED) {
        throw refused(over.get(), input.shape(), replayed);
      }
      if (over.isEmpty() && !stream.hasFirst() && mayLeave) {
        waiter.promise();
        return later(wanted, id);
      }
      stream.until(from + wanted.hold.toNanos());
      var headers = new LinkedHashMap<>(Map.of("X-Task-Id", id.value()));
      if (replayed) {
        headers.put(IdempotencyKey.REPLAYED, "true");
      }
      streams = true;
      return new EventStream(headers, stream::tell, stream::close);
    } finally {
      if (!streams) {
        stream.close();
      }
    }
  }

  /** In Unix seconds. */
  static long created(TaskId id) {
    return id.time().getEpochSecond();
  }

  /** The task of a request that is held open for it. */
  private final class Held implements AnswerStream.Followed {
    private final Wanted wanted;
    private final Waiter waiter;

    Held(Wanted wanted, Waiter waiter) {
      this.wanted = wanted;
      this.waiter = waiter;
    }

    @Override
    public boolean over() {
      return waiter.over();
    }

    @Override
    public Optional<Task> ended() throws InterruptedException {
      return waiter.await(Duration.ZERO);
    }

    @Override
    public ApiError failure(Task task) {
      return CompletionsResource.failure(task, wanted.input.shape());
    }

    @Override
    public void goesOn() {
      waiter.promise();
    }

    @Override
    public void told() {
      if (wanted.leaves()) {
        forget(waiter.id());
      }
    }

    @Override
    public void close() {
      waiter.close();
    }
  }
}
