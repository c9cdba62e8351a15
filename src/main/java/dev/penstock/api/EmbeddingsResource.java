package dev.penstock.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.api.Submitter.Submitted;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.config.Settings;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.embedding.EmbeddingForm;
import dev.penstock.types.embedding.EmbeddingInput;
import dev.penstock.types.embedding.EmbeddingSettings;
import dev.penstock.types.embedding.EmbeddingType;
import dev.penstock.web.Answer;
import dev.penstock.web.Exchange;
import dev.penstock.web.LongReply;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/embeddings}: a durable task whose caller holds the line, or takes the task's id
 * where it says that it would.
 */
final class EmbeddingsResource {
  private static final String ROUTE = "embeddings";
  private static final byte[] NO_INPUT = {};

  /** Shorter replies are made at once; a client may take its time with longer ones. */
  private static final long SHORT = 64 * 1024;

  /** Codes of a store or queue that makes no task of the work now. */
  private static final Set<String> NO_TASK =
      Stream.of(Code.OVERLOADED, Code.SHARE_USED, Code.UNAVAILABLE)
          .map(Code::json)
          .collect(Collectors.toUnmodifiableSet());

  private final Settings settings;
  private final ModelCatalogue models;
  private final TaskTypes types;
  private final TaskType type;
  private final Submitter submitter;
  private final @Nullable DirectAnswers direct;
  private final String node;

  EmbeddingsResource(
      Settings settings,
      ModelCatalogue models,
      TaskTypes types,
      Submitter submitter,
      DirectAnswers direct,
      String node) {
    this.settings = settings;
    this.models = models;
    this.types = types;
    this.type = types.find(EmbeddingType.NAME).orElseThrow();
    this.direct = types.settings(EmbeddingSettings.class).direct() ? direct : null;
    this.submitter = submitter;
    this.node = node;
  }

  /**
   * What a request asks for.
   *
   * @param async its caller takes an id in place of the vectors
   * @param key its caller's name for it; null: none
   * @param route what the name is for
   */
  private record Wanted(
      ModelSpec model,
      EmbeddingInput input,
      Priority priority,
      boolean async,
      @Nullable IdempotencyKey key,
      String route) {

    /** Nobody but those who wait for it will know of the task. */
    boolean theirsOnly() {
      return !async && key == null;
    }
  }

  Answer create(Exchange exchange) throws InterruptedException {
    EmbeddingInput.Draft body = EmbeddingInput.draft(exchange.body());
    return create(exchange, body, Fields.of(body.rest()), ROUTE);
  }

  /** As Azure's clients ask: the path names the model, whatever the body says. */
  Answer ofDeployment(Exchange exchange) throws InterruptedException {
    EmbeddingInput.Draft body = EmbeddingInput.draft(exchange.body());
    Fields fields = Fields.of(body.rest());
    String named = exchange.parameter("deployment");
    ((ObjectNode) fields.object()).put("model", named);
    return create(exchange, body, fields, ROUTE + "/" + named);
  }

  private Answer create(Exchange exchange, EmbeddingInput.Draft body, Fields fields, String route)
      throws InterruptedException {
    ModelSpec model = TaskRequests.model(fields, models, types, EmbeddingType.NAME);
    EmbeddingInput input = body.accept(fields, EmbeddingTraits.of(model));
    Map<String, String> warnings = types.warnings(type, input.form(), "", model);
    Patience said = Patience.of(fields);
    Patience patience = said != null ? said : Patience.of(exchange.header("Prefer"));
    Priority priority = TaskRequests.priority(fields, Priority.HELD, exchange.caller());
    IdempotencyKey key = IdempotencyKey.of(exchange);
    boolean async = patience != null;
    // Whoever may come back with the id gets the form that was asked for; else each request says.
    EmbeddingInput kept = async || key != null ? input : input.withoutForm();
    var wanted = new Wanted(model, kept, priority, async, key, route);

    Duration hold = patience != null ? patience.hold() : settings.http().syncTimeout();
    Submitted submitted = answer(exchange, wanted, hold);
    exchange.about(submitted.id());
    if (submitted.ended().isPresent()) {
      Task task = submitter.withResult(exchange, submitted.ended().get());
      boolean replayed = submitted.earlier().isPresent();
      Instant came = replayed ? exchange.came() : task.createdAt();
      String hint = replayed && key != null ? IdempotencyKey.hint(task) : null;
      if (hint != null) {
        throw new Refusal(TaskJson.failure(task).saying(hint), task.id());
      }
      var headers = new LinkedHashMap<>(warnings);
      if (replayed && key != null) {
        headers.put(IdempotencyKey.REPLAYED, "true");
      }
      return ended(exchange, task, came, input.form(), model, headers);
    }
    if (patience == null) {
      throw HeldReplies.pending(submitted.id());
    }
    return HeldReplies.accepted(submitted.id(), said == null).with(warnings);
  }

  /** Run at once where that can be; else a task. */
  private Submitted answer(Exchange exchange, Wanted wanted, Duration hold)
      throws InterruptedException {
    if (!wanted.theirsOnly() || direct == null) {
      return submit(exchange, wanted, hold);
    }
    long from = System.nanoTime();
    Optional<Submitted> ran = run(exchange, wanted, hold, false);
    if (ran.isPresent()) {
      return ran.get();
    }
    try {
      return submit(exchange, wanted, hold.minusNanos(System.nanoTime() - from));
    } catch (Refusal refusal) {
      if (!NO_TASK.contains(String.valueOf(refusal.error().code()))) {
        throw refusal;
      }
      // Nobody but who asks needs a task: without room for one it waits for the model itself.
      Duration left = hold.minusNanos(System.nanoTime() - from);
      return run(exchange, wanted, left, true).orElseThrow(() -> refusal);
    }
  }

  /** Without a task; empty: it has not run. */
  private Optional<Submitted> run(Exchange exchange, Wanted wanted, Duration hold, boolean wait)
      throws InterruptedException {
    if (direct == null || !hold.isPositive()) {
      return Optional.empty();
    }
    exchange.bodyIsRead();
    TaskSpec spec = spec(exchange, wanted, NO_INPUT, null);
    Optional<Task> ran;
    try (var _ = submitter.place(exchange)) {
      var request = new RunNow(spec, wanted.input.work(), hold, wait);
      ran = direct.run(request, wanted.model(), exchange);
    }
    return ran.map(task ->
        new Submitted(task.id(), task.id().equals(spec.id()) ? Optional.empty() : ran, ran));
  }

  private Submitted submit(Exchange exchange, Wanted wanted, Duration hold)
      throws InterruptedException {
    long from = System.nanoTime();
    byte[] input = wanted.input.toJson();
    Identity identity = identity(exchange, wanted, input);
    exchange.bodyIsRead();
    Submitted submitted =
        submitter.submit(
            spec(exchange, wanted, input, identity), hold, exchange, wanted.theirsOnly());
    boolean withdrawn =
        wanted.key == null
            && submitted.earlier().isPresent()
            && submitted.ended().filter(task -> task.state() == TaskState.CANCELLED).isPresent();
    if (!withdrawn) {
      return submitted;
    }
    // It was cancelled for others' sake: as the last of them left, or by hand. A task does not say
    // which, so in both cases it becomes new work, once, for what is left of the time.
    Duration left = hold.minusNanos(System.nanoTime() - from);
    return submitter.submit(
        spec(exchange, wanted, input, identity), left, exchange, wanted.theirsOnly());
  }

  /** As the client named it; else by what decides the vectors, and how long they are kept. */
  private static Identity identity(Exchange exchange, Wanted wanted, byte[] input) {
    if (wanted.key != null) {
      return wanted.key.identity(
          wanted.route, StrictJson.parse(exchange.body()), Patience.FIELD, "encoding_format");
    }
    ModelSpec model = wanted.model;
    var digest = new Digest().add(model.name());
    model.sources().forEach(source -> digest.add(source.toString()));
    return new Identity.Alike(digest.add(wanted.async ? "async" : "held").add(input).hex());
  }

  /** Work whose id nobody will learn is not kept for long. */
  private TaskSpec spec(
      Exchange exchange, Wanted wanted, byte[] input, @Nullable Identity identity) {
    TaskId id = TaskId.random();
    exchange.about(id);
    return new TaskSpec(
        id,
        new TaskSpec.Work(
            new Lane(EmbeddingType.NAME, wanted.model.name()), wanted.priority, input, null),
        new TaskSpec.Limits(settings.task().maxAttempts(), settings.task().timeout()),
        HeldReplies.kept(settings, wanted.theirsOnly()),
        new TaskSpec.Origin(exchange.caller().owner(), Map.of(), identity, node));
  }

  /**
   * @param came since when the caller has waited for the task, which may have been there before
   * @param headers further ones of the reply
   */
  private static Answer ended(
      Exchange exchange,
      Task task,
      Instant came,
      EmbeddingForm form,
      ModelSpec model,
      Map<String, String> headers) {
    if (task.state() != TaskState.COMPLETED || task.output() == null) {
      throw new Refusal(TaskJson.failure(task));
    }
    TaskOutput output = task.output();
    headers.putAll(HeldReplies.times(exchange, task, came));
    headers.putAll(form.headers(output));
    if (form.size(output) <= SHORT) {
      return Reply.json(200, form.render(output, model.name())).with(headers);
    }
    return LongReply.json(200, json -> form.write(json, output, model.name())).with(headers);
  }
}
