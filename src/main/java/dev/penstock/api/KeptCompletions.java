package dev.penstock.api;

import dev.penstock.api.OwnTasks.Whole;
import dev.penstock.api.Watches.Watch;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.core.DeleteResult;
import dev.penstock.pieces.PieceHub;
import dev.penstock.pieces.Position;
import dev.penstock.task.Task;
import dev.penstock.task.TaskState;
import dev.penstock.types.generation.AnswerChunks;
import dev.penstock.types.generation.GenerationInput.Shape;
import dev.penstock.types.generation.GenerationType;
import dev.penstock.web.Answer;
import dev.penstock.web.ApiError;
import dev.penstock.web.EventStream;
import dev.penstock.web.Exchange;
import dev.penstock.web.Query;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import dev.penstock.web.Route;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code /v1/chat/completions/{id}} and its like: an answer of before, or one under way. */
final class KeptCompletions {
  private static final Set<String> PARAMETERS =
      Set.of("stream", "starting_after", "include_usage", "include_obfuscation");

  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");
  private static final int MAX_PLACE = 60;
  private static final String AFTER = "starting_after";

  private final Bus bus;
  private final OwnTasks own;
  private final Submitter submitter;
  private final Watches watches;
  private final PieceHub pieces;

  KeptCompletions(Bus bus, OwnTasks own, Submitter submitter, Watches watches, PieceHub pieces) {
    this.bus = bus;
    this.own = own;
    this.submitter = submitter;
    this.watches = watches;
    this.pieces = pieces;
  }

  Route.Resource get(Shape shape) {
    return exchange -> get(exchange, shape);
  }

  private Answer get(Exchange exchange, Shape shape) throws InterruptedException {
    Query query = Query.of(exchange).only(PARAMETERS);
    boolean stream = flag(query, "stream");
    boolean usage = flag(query, "include_usage");
    String after = query.text(AFTER, MAX_PLACE);
    Task task = find(exchange);
    if (stream) {
      return join(exchange, task, shape, usage, from(exchange, after));
    }
    if (!task.state().ended()) {
      throw new Refusal(TasksResource.notReady(task), task.id());
    }
    Whole whole = own.whole(exchange);
    return CompletionsResource.ended(whole.task(), shape, false);
  }

  private Task find(Exchange exchange) throws InterruptedException {
    Task task = own.find(exchange);
    if (!task.spec().lane().type().equals(GenerationType.NAME)) {
      throw new Refusal(ApiError.noSuchTask());
    }
    return task;
  }

  private static boolean flag(Query query, String name) {
    return switch (query.text(name, MAX_PLACE)) {
      case null -> false;
      case "true" -> true;
      case "false" -> false;
      default -> throw Query.bad(name, "must be true or false");
    };
  }

  /** Behind an event, by its id or by how many pieces there were. */
  private static Position from(Exchange exchange, @Nullable String after) {
    String header = exchange.header("Last-Event-ID");
    String place = after == null ? header : after;
    if (place == null) {
      return Position.START;
    }
    if (NUMBER.matcher(place).matches()) {
      return new Position(0, Long.parseLong(place), false);
    }
    Optional<Position> position = Position.parse(place);
    if (position.isEmpty() && after != null) {
      throw Query.bad(AFTER, "must be the id of an event");
    }
    return position.orElse(Position.START);
  }

  private Answer join(Exchange exchange, Task now, Shape shape, boolean usage, Position from) {
    Task task = now.withOutput(null);
    if (task.state().ended() && task.state() != TaskState.COMPLETED) {
      throw new Refusal(CompletionsResource.failure(task, shape), task.id());
    }
    var chunks =
        new AnswerChunks(
            shape,
            task.id().value(),
            CompletionsResource.created(task.id()),
            String.valueOf(task.spec().lane().model()),
            usage,
            !from.equals(Position.START));
    return new EventStream(
        Map.of("X-Task-Id", task.id().value()),
        sink -> {
          var watched = new Watched(task, shape);
          try (var stream = new AnswerStream(exchange, submitter, task.id(), watched)) {
            watched.watch = watches.watch(task, stream::ring);
            stream.read(pieces, from, chunks);
            stream.tell(sink);
          }
        },
        null);
  }

  /** A task that is there anyway. */
  private static final class Watched implements AnswerStream.Followed {
    private final Task first;
    private final Shape shape;
    private @Nullable Watch watch;

    Watched(Task first, Shape shape) {
      this.first = first;
      this.shape = shape;
    }

    @Override
    public boolean over() {
      return ended().map(task -> task.state().ended()).orElse(true);
    }

    @Override
    public Optional<Task> ended() {
      Watch watching = watch;
      return watching == null ? Optional.of(first) : watching.newest();
    }

    @Override
    public ApiError failure(Task task) {
      return CompletionsResource.failure(task, shape);
    }

    @Override
    public void close() {
      if (watch != null) {
        watch.close();
      }
    }
  }

  /** Whatever it is at: what it was given and what it has made go at once. */
  Reply delete(Exchange exchange) throws InterruptedException {
    Task task = find(exchange);
    if (!task.state().ended()) {
      bus.ask(new CancelTask(task.id()), OwnTasks.LIMIT);
    }
    return switch (bus.ask(new DeleteTask(task.id()), OwnTasks.LIMIT)) {
      case DeleteResult.Now(), DeleteResult.Unknown() ->
          Reply.object(
                  200,
                  json -> {
                    json.writeStringField("id", task.id().value());
                    json.writeStringField("object", "chat.completion.deleted");
                    json.writeBooleanField("deleted", true);
                  })
              .with("X-Task-Id", task.id().value());
      case DeleteResult.Live(var live) ->
          throw new Refusal(
              ApiError.http(
                  409, "task_not_ended", "The task is " + live.state().json() + ": ask again."),
              task.id());
      case DeleteResult.Needed _ ->
          throw new Refusal(
              ApiError.http(409, "task_needed", "Another task needs this one still."), task.id());
    };
  }
}
