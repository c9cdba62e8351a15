package dev.penstock.types.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.penstock.json.JsonMappers;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A plugin's handler, asked once what it is, and not trusted with what it returns.
 *
 * @param own the plugin's handler
 */
record PluginHandler(
    String type, String inputSchema, String outputSchema, int concurrency, TaskHandler own)
    implements TaskHandler {
  static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9-]{0,63}");
  private static final int MAX_CONCURRENCY = 10_000;

  static PluginHandler of(TaskHandler own) {
    return new PluginHandler(
        own.type(), own.inputSchema(), own.outputSchema(), own.concurrency(), own);
  }

  /** Why it cannot be used; null: it can. */
  @Nullable String problem() {
    if (type == null || inputSchema == null || outputSchema == null) {
      return own.getClass().getName() + " returns null for its type or a schema";
    }
    if (!TYPE.matcher(type).matches()) {
      return "the type '"
          + type
          + "' is not allowed: 1 to 64 lower-case letters, digits and hyphens, a letter first";
    }
    if (concurrency < 0 || concurrency > MAX_CONCURRENCY) {
      return "type %s: concurrency must be 0 to %d, not %d"
          .formatted(type, MAX_CONCURRENCY, concurrency);
    }
    String problem = PluginSchema.problem(inputSchema);
    if (problem != null) {
      return "type " + type + ": the input schema " + problem;
    }
    problem = PluginSchema.problem(outputSchema);
    return problem == null ? null : "type " + type + ": the output schema " + problem;
  }

  @Override
  public @Nullable Duration retryAfter(int attempts) {
    try {
      return own.retryAfter(attempts);
    } catch (Error e) {
      throw new IllegalStateException(e.toString(), e);
    }
  }

  @Override
  public Outcome run(Task task, Control control) throws InterruptedException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    // Libraries look there for their services, which are in the plugin's jar.
    thread.setContextClassLoader(own.getClass().getClassLoader());
    try {
      return checked(own.run(task, control));
    } catch (Error e) {
      // An AssertionError, say: its run has failed, not the program.
      throw new IllegalStateException(e.toString(), e);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static Outcome checked(Outcome outcome) {
    return switch (outcome) {
      case null -> broken("the handler returned null");
      case Outcome.Done(TaskOutput output) -> {
        String problem = problem(output);
        yield problem == null ? whole(output) : broken(problem);
      }
      case Outcome.Postpone(Duration delay) ->
          delay.isNegative() || delay.compareTo(Outcome.Postpone.MOST) > 0
              ? broken("the handler postponed by " + delay + "; 0 to 30 days are allowed")
              : outcome;
      case Outcome.Await await -> {
        String problem = PluginAwait.problem(await);
        yield problem == null ? outcome : broken(problem);
      }
      case Outcome.Retry(TaskError error) ->
          said(error) ? new Outcome.Retry(whole(error.ofRun())) : unsaid();
      case Outcome.Reject(TaskError error) ->
          said(error) ? new Outcome.Reject(whole(error.ofRun())) : unsaid();
    };
  }

  private static Outcome whole(TaskOutput output) {
    return new Outcome.Done(new TaskOutput(output.format(), StrictJson.whole(output.bytes())));
  }

  private static TaskError whole(TaskError error) {
    return new TaskError(error.code(), StrictJson.whole(error.message()));
  }

  private static boolean said(TaskError error) {
    return error != null && error.code() != null;
  }

  private static Outcome unsaid() {
    return broken("the handler failed without saying why");
  }

  private static Outcome broken(String problem) {
    return new Outcome.Reject(new TaskError(TaskError.Code.HANDLER_FAILED, problem));
  }

  /** Results go to clients as they are, in the middle of other JSON. */
  private static @Nullable String problem(TaskOutput output) {
    if (output.format() != TaskOutput.Format.JSON) {
      return "the handler's result must be JSON, not " + output.format();
    }
    int length = output.bytes().length;
    if (length > TaskType.MAX_RESULT) {
      return "the handler's result has %d bytes; at most %d are kept"
          .formatted(length, TaskType.MAX_RESULT);
    }
    String problem = problem(output.bytes());
    return problem == null ? null : "the handler's result " + problem;
  }

  /** Why it is not one JSON value; null: it is. */
  static @Nullable String problem(byte[] json) {
    // Given bytes, the parser would take UTF-16 too.
    var text = new InputStreamReader(new ByteArrayInputStream(json), UTF_8.newDecoder());
    try (JsonParser parser = JsonMappers.PLAIN.createParser(text)) {
      if (parser.nextToken() == null) {
        return "is empty";
      }
      parser.skipChildren();
      return parser.nextToken() == null ? null : "must be one JSON value, not several";
    } catch (JsonProcessingException e) {
      return "is not JSON: line %d, column %d"
          .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
    } catch (IOException e) {
      return "is not JSON: " + e.getMessage();
    }
  }
}
