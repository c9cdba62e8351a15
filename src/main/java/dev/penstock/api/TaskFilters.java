package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.TaskFilter;
import dev.penstock.json.Fields;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import dev.penstock.web.Query;
import dev.penstock.web.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads which of the caller's tasks a request means, from its query or its body. */
final class TaskFilters {
  private static final Set<String> MEMBERS = Set.of("status", "type", "model", "q", "all");
  private static final int MAX_TYPE = 100;
  private static final int MAX_MODEL = 200;
  private static final int MAX_TEXT = 200;

  private final ModelCatalogue models;

  TaskFilters(ModelCatalogue models) {
    this.models = models;
  }

  /**
   * @param parent whose children alone; null: it does not say
   */
  TaskFilter of(Query query, String owner, @Nullable TaskId parent) {
    return new TaskFilter(
        owner,
        states(query.each("status"), problem -> Query.bad("status", problem)),
        query.text("type", MAX_TYPE),
        model(query.text("model", MAX_MODEL)),
        query.text("q", MAX_TEXT),
        parent);
  }

  /** All of an owner's tasks only where the body says so: an empty filter may be a mistake. */
  TaskFilter of(JsonNode body, String owner) {
    Fields fields = Fields.of(body);
    fields.only(MEMBERS);
    boolean all = all(fields);
    var filter =
        new TaskFilter(
            owner,
            states(words(fields), problem -> fields.bad("status", problem)),
            fields.text("type", MAX_TYPE),
            model(fields.text("model", MAX_MODEL)),
            fields.text("q", MAX_TEXT));
    boolean none = filter.equals(TaskFilter.of(owner));
    if (all && !none) {
      throw fields.bad("all", "means every task, so nothing else may be beside it");
    }
    if (none && !all) {
      throw Refusal.invalid(
          null, "Say which tasks: status, type, model or q; or {\"all\":true} for every one.");
    }
    return filter;
  }

  private static boolean all(Fields fields) {
    JsonNode all = fields.value("all");
    if (all == null) {
      return false;
    }
    if (!all.isBoolean() || !all.booleanValue()) {
      throw fields.bad("all", "must be true, or left out");
    }
    return true;
  }

  private static List<String> words(Fields fields) {
    JsonNode value = fields.value("status");
    if (value == null) {
      return List.of();
    }
    if (value.isTextual()) {
      return List.of(value.textValue().split(",", -1));
    }
    var words = new ArrayList<String>();
    if (value.isArray() && !value.isEmpty()) {
      value.forEach(word -> words.add(word.isTextual() ? word.textValue() : ""));
      return words;
    }
    throw fields.bad("status", "must be a status, or a list of them");
  }

  private static Set<TaskState> states(List<String> words, Function<String, InvalidInput> refusal) {
    Set<TaskState> states = EnumSet.noneOf(TaskState.class);
    for (String word : words) {
      states.add(
          Arrays.stream(TaskState.values())
              .filter(state -> state.json().equals(word))
              .findFirst()
              .orElseThrow(() -> refusal.apply("must be among " + known())));
    }
    return states;
  }

  private static String known() {
    return Arrays.stream(TaskState.values()).map(TaskState::json).collect(Collectors.joining(", "));
  }

  /** A model goes by its own name in tasks; one that is no more is looked for as it is written. */
  private @Nullable String model(@Nullable String name) {
    return name == null ? null : models.find(name).map(ModelSpec::name).orElse(name);
  }
}
