package dev.penstock.web;

import dev.penstock.core.InvalidInput;
import dev.penstock.core.Scope;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskError;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told when a request does not succeed. This is the one place where a {@link
 * TaskError.Code} becomes an HTTP status.
 *
 * @param type the family of the error, as OpenAI's clients know it
 * @param param the field at fault
 * @param code a word for programs
 */
public record ApiError(
    int status,
    String type,
    @Nullable String param,
    @Nullable String code,
    String message,
    Again again) {
  public static final String INVALID_REQUEST = "invalid_request_error";
  public static final String SERVER_ERROR = "server_error";
  static final int TOO_MANY = 429;

  /** Whether sending the same request again can help. */
  public enum Again {
    /** It cannot: {@code x-should-retry: false}. */
    NEVER,
    /** In a second: {@code Retry-After: 1}. */
    SOON,
    /** Something has to come back first: {@code Retry-After: 5}. */
    LATER,
    /** Nothing is known; the client decides. */
    UNSAID
  }

  /** An error of a task, as the API tells it. */
  public static ApiError of(TaskError error) {
    String code = error.code().json();
    String message = error.message();
    return switch (error.code()) {
      case INVALID_INPUT -> invalid("input", message);
      case CONTEXT_LENGTH_EXCEEDED ->
          new ApiError(400, INVALID_REQUEST, "input", code, message, Again.NEVER);
      case IDEMPOTENCY_CONFLICT ->
          new ApiError(409, INVALID_REQUEST, null, code, message, Again.NEVER);
      case MODEL_NOT_FOUND ->
          new ApiError(404, INVALID_REQUEST, "model", code, message, Again.NEVER);
      // The task has had all its attempts: the client's would be as many again.
      case INFERENCE_FAILED, LEASE_LOST, HANDLER_FAILED ->
          new ApiError(500, SERVER_ERROR, null, code, message, Again.NEVER);
      case TIMEOUT -> new ApiError(504, SERVER_ERROR, null, code, message, Again.NEVER);
      case OVERLOADED -> new ApiError(503, SERVER_ERROR, null, code, message, Again.SOON);
      case SHARE_USED -> new ApiError(429, INVALID_REQUEST, null, code, message, Again.LATER);
      case UNAVAILABLE, STOPPING ->
          new ApiError(503, SERVER_ERROR, null, code, message, Again.LATER);
    };
  }

  public static ApiError of(InvalidInput invalid) {
    return invalid(invalid.param(), invalid.message());
  }

  public static ApiError invalid(@Nullable String param, String message) {
    return new ApiError(400, INVALID_REQUEST, param, null, message, Again.NEVER);
  }

  static ApiError wrongKey(String message) {
    return new ApiError(401, INVALID_REQUEST, null, "invalid_api_key", message, Again.NEVER);
  }

  /**
   * A known key that may not do this.
   *
   * @param scopes what it has
   * @param needed one of these it would need
   */
  static ApiError wrongScope(Set<Scope> scopes, Set<Scope> needed) {
    return http(
        403,
        "insufficient_scope",
        "This API key has the scope %s; this route is for %s."
            .formatted(words(scopes, " and "), words(needed, " or ")));
  }

  private static String words(Set<Scope> scopes, String between) {
    return scopes.stream().sorted().map(Scope::json).collect(Collectors.joining(between));
  }

  public static ApiError noSuchTask() {
    return new ApiError(
        404, INVALID_REQUEST, "id", "task_not_found", "There is no such task.", Again.NEVER);
  }

  /**
   * A model was asked for that is not there or cannot be used.
   *
   * @param broken why a model of that name cannot be used; null: there is none
   */
  public static ApiError noSuchModel(String name, @Nullable String broken) {
    String problem =
        broken == null
            ? " does not exist. GET /v1/models lists those that do."
            : " cannot be used: " + broken + (broken.endsWith(".") ? "" : ".");
    return of(
        new TaskError(
            TaskError.Code.MODEL_NOT_FOUND, "The model " + StrictJson.quote(name) + problem));
  }

  /** A status that speaks for itself: wrong route, method, size or form. */
  public static ApiError http(int status, String code, String message) {
    return new ApiError(status, INVALID_REQUEST, null, code, message, Again.NEVER);
  }

  public static ApiError overloaded(String message) {
    return of(new TaskError(TaskError.Code.OVERLOADED, message));
  }

  /** The key has its share of what others use too: some of it is likely to come back soon. */
  public static ApiError shareUsed(String message) {
    String code = TaskError.Code.SHARE_USED.json();
    return new ApiError(TOO_MANY, INVALID_REQUEST, null, code, message, Again.SOON);
  }

  static ApiError unavailable(String message) {
    return of(new TaskError(TaskError.Code.UNAVAILABLE, message));
  }

  public static ApiError stopping() {
    return of(
        new TaskError(TaskError.Code.STOPPING, "The server is stopping and takes no new work."));
  }

  /** A bug of ours: nothing about it is told. */
  static ApiError unexpected() {
    return new ApiError(
        500,
        SERVER_ERROR,
        null,
        "internal_error",
        "The server made a mistake. The request id leads to its log.",
        Again.UNSAID);
  }

  /** The same with a further sentence. */
  public ApiError saying(String more) {
    return new ApiError(status, type, param, code, message + " " + more, again);
  }

  public ApiError withParam(String newParam) {
    return new ApiError(status, type, newParam, code, message, again);
  }
}
